import assert from "node:assert/strict";
import { test } from "node:test";
import { type Rgb, type Scheme, STEPS, intensity, legend, palette, step } from "./scale";

const BACKGROUND: Record<Scheme, Rgb> = { light: [255, 255, 255], dark: [22, 27, 34] };

function luminance(colour: readonly number[]): number {
  const [red = 0, green = 0, blue = 0] = colour.map((part) => {
    const share = Math.max(0, part) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: readonly number[], b: readonly number[]): number {
  const one = luminance(a) + 0.05;
  const other = luminance(b) + 0.05;
  return Math.max(one, other) / Math.min(one, other);
}

/** What a person without red or without green cones sees: Viénot's matrices, on gamma-coded values. */
const BLINDNESS = {
  protanopia: [
    [0.112, 0.888, 0],
    [0.112, 0.888, 0],
    [0.004, -0.004, 1],
  ],
  deuteranopia: [
    [0.292, 0.708, 0],
    [0.292, 0.708, 0],
    [-0.022, 0.022, 1],
  ],
};

for (const scheme of ["light", "dark"] as const) {
  const colours = palette(scheme);
  const rising = (values: number[]) =>
    assert.deepEqual(
      values,
      [...values].sort((a, b) => a - b),
    );

  test(`one span stands out from the ${scheme} background`, () => {
    assert.ok(contrast(colours[0]!, BACKGROUND[scheme]) > 3);
  });

  test(`each step stands out more from the ${scheme} background`, () => {
    rising(colours.map((colour) => contrast(colour, BACKGROUND[scheme])));
  });

  for (const [name, matrix] of Object.entries(BLINDNESS)) {
    test(`the ${scheme} palette keeps its order under ${name}`, () => {
      const seen = colours.map((rgb) => matrix.map((row) => row.reduce((sum, part, at) => sum + part * rgb[at]!, 0)));
      rising(seen.map((colour) => contrast(colour, BACKGROUND[scheme])));
    });
  }
}

test("counts spread by their logarithm", () => {
  assert.equal(intensity(1, 1000), 0);
  assert.ok(Math.abs(intensity(10, 1000) - 1 / 3) < 1e-9);
  assert.equal(intensity(1000, 1000), 1);
});

test("the strongest colour stands where every cell has one span", () => {
  assert.equal(step(1, 1), STEPS - 1);
});

test("the legend names powers of ten and the most", () => {
  assert.deepEqual(legend(230), [1, 10, 100, 230]);
  assert.deepEqual(legend(11), [1, 11]);
  assert.deepEqual(legend(1), [1]);
  assert.deepEqual(legend(0), []);
});
