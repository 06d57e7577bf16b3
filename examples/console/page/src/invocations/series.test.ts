import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { align, measure } from "./series";

const SERIES = { seq: 1, name: "orders", unit: "1", type: "sum", from: 0, to: 5e6, step: 1e6 };

describe("series", () => {
  it("share their columns, with nothing where nothing was measured", () => {
    const { times, values } = align({
      ...SERIES,
      series: [
        {
          service: "a",
          values: [
            [1, 5, 1, 2],
            [3, 6, 1, 2],
          ],
        },
        { service: "b", values: [[2, 7, 1, 2]] },
      ],
    });
    assert.deepEqual(times, [1.5, 2.5, 3.5]);
    assert.deepEqual(values, [
      [5, null, 6],
      [null, 7, null],
    ]);
  });

  it("may be empty", () => {
    assert.deepEqual(align({ ...SERIES, series: [{ service: "a", values: [] }] }), { times: [], values: [[]] });
  });
});

describe("a value", () => {
  for (const [value, unit, text] of [
    [1048576, "By", "1 MB"],
    [1.5, "s", "1.50 s"],
    [20, "ms", "20.0 ms"],
    [3, "1", "3"],
    [3, null, "3"],
    [3, "{order}", "3 order"],
    [3, "%", "3 %"],
  ] as const) {
    it(`of ${value} ${unit} is ${text}`, () => assert.equal(measure(value, unit), text));
  }
});
