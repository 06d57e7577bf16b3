/** How well a node or a call is, from its errors; a mark stands beside the colour. */

export type Health = "well" | "ailing" | "sick";

/** From this share of errors on, something is sick. */
export const SICK = 0.05;

export function health(calls: number, errors: number, throttled = 0): Health {
  if (errors > 0 && errors >= calls * SICK) return "sick";
  return errors > 0 || throttled > 0 ? "ailing" : "well";
}

/** Returns an arrow's width in pixels: by the logarithm of its calls, against the busiest. */
export function width(calls: number, most: number): number {
  if (most <= 1 || calls <= 1) return 1.5;
  return 1.5 + 3.5 * Math.min(1, Math.log(calls) / Math.log(most));
}
