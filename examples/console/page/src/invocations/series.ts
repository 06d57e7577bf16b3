/** Series of a metric, aligned for the chart and for its table. */

import type { Series } from "../api/types";
import { bytes, duration, quantity } from "../ui/format";

export interface Aligned {
  /** The middles of the columns, in seconds since 1970. */
  readonly times: number[];
  /** A list for each service; null where nothing was measured. */
  readonly values: (number | null)[][];
}

/** Returns the columns in which something was measured, and those between them. */
export function align({ from, step, series }: Series): Aligned {
  const columns = series.flatMap(({ values }) => values.map(([column]) => column));
  if (columns.length === 0) return { times: [], values: series.map(() => []) };
  const first = columns.reduce((a, b) => Math.min(a, b));
  const length = columns.reduce((a, b) => Math.max(a, b)) - first + 1;
  const times = Array.from({ length }, (_, at) => (from + (first + at + 0.5) * step) / 1e6);
  const values = series.map((each) => {
    const row: (number | null)[] = new Array<number | null>(length).fill(null);
    for (const [column, sum] of each.values) row[column - first] = sum;
    return row;
  });
  return { times, values };
}

/** Returns how a value of a unit (UCUM, as OpenTelemetry writes it) is read. */
export function measure(value: number, unit: string | null): string {
  switch (unit) {
    case "By":
      return bytes(value);
    case "ns":
      return duration(value / 1e3);
    case "us":
      return duration(value);
    case "ms":
      return duration(value * 1e3);
    case "s":
      return duration(value * 1e6);
    case "1":
    case "":
    case null:
      return quantity(value);
    default:
      return `${quantity(value)} ${unit.replace(/^\{(.*)\}$/, "$1")}`;
  }
}

/** What the value of a column is. */
export function meaning(type: string): string {
  return type === "gauge" ? "last value of each step" : "sum of each step";
}
