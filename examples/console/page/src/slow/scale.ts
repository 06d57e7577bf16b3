/** Maps the spans of a cell to a colour: viridis, which the colour-blind can read, cut for each scheme. */

export type Rgb = readonly [red: number, green: number, blue: number];
export type Scheme = "light" | "dark";

/** Viridis at eighths, from Smith and van der Walt's table. */
const VIRIDIS: readonly Rgb[] = [
  [68, 1, 84],
  [71, 44, 122],
  [59, 81, 139],
  [44, 113, 142],
  [33, 144, 141],
  [39, 173, 129],
  [92, 200, 99],
  [170, 220, 50],
  [253, 231, 37],
];

/**
 * The part of viridis that a scheme uses, from few spans to many. One span must stand out from the background (3:1),
 * because a lone outlier is what people look for.
 */
const RANGE: Record<Scheme, readonly [few: number, many: number]> = { light: [0.58, 0], dark: [0.36, 1] };

/** Colours are quantised, so that cells of one colour are drawn together. */
export const STEPS = 24;

/** Returns the place of `count` on the scale, from 0 (one span) to 1 (`most`). Counts spread by their logarithm. */
export function intensity(count: number, most: number): number {
  if (count <= 1 || most <= 1) return most <= 1 ? 1 : 0;
  return Math.min(1, Math.log(count) / Math.log(most));
}

/** Returns the step of `count`, from 0 to `STEPS - 1`. */
export function step(count: number, most: number): number {
  return Math.min(STEPS - 1, Math.floor(intensity(count, most) * STEPS));
}

/** Returns the colours of all steps for a scheme. */
export function palette(scheme: Scheme): readonly Rgb[] {
  const [few, many] = RANGE[scheme];
  return Array.from({ length: STEPS }, (_, index) => viridis(few + ((many - few) * index) / (STEPS - 1)));
}

export function css([red, green, blue]: Rgb): string {
  return `rgb(${red} ${green} ${blue})`;
}

/** Returns the counts that the legend names: powers of ten up to `most`, and `most` itself. */
export function legend(most: number): number[] {
  const ticks: number[] = [];
  for (let tick = 1; tick < most && (tick === 1 || tick * 1.5 < most); tick *= 10) ticks.push(tick);
  if (most > 0) ticks.push(most);
  return ticks;
}

function viridis(at: number): Rgb {
  const place = Math.min(1, Math.max(0, at)) * (VIRIDIS.length - 1);
  const index = Math.min(VIRIDIS.length - 2, Math.floor(place));
  const low = VIRIDIS[index]!;
  const high = VIRIDIS[index + 1]!;
  const mix = (a: number, b: number) => Math.round(a + (b - a) * (place - index));
  return [mix(low[0], high[0]), mix(low[1], high[1]), mix(low[2], high[2])];
}
