/** The geometry of the heat map: cells to pixels and back. Row 0, the shortest durations, is at the bottom. */

/** What the heat map covers: `columns` of `step` from `from`, and rows between `bounds`. */
export interface Grid {
  readonly from: number;
  readonly step: number;
  readonly columns: number;
  readonly bounds: readonly number[];
}

/** The area of the cells in CSS pixels; the axes are left of it and below it. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Cell {
  readonly column: number;
  readonly row: number;
}

/** Where a pointer went down: it decides what dragging selects. */
export type Zone = "plot" | "time" | "duration" | "outside";

export const GUTTER = { left: 68, right: 12, top: 8, bottom: 30 } as const;

export function area(width: number, height: number): Area {
  return {
    left: GUTTER.left,
    top: GUTTER.top,
    width: Math.max(1, width - GUTTER.left - GUTTER.right),
    height: Math.max(1, height - GUTTER.top - GUTTER.bottom),
  };
}

export function rows(grid: Grid): number {
  return Math.max(0, grid.bounds.length - 1);
}

export function zone(place: Area, x: number, y: number): Zone {
  const across = x >= place.left && x <= place.left + place.width;
  const along = y >= place.top && y <= place.top + place.height;
  if (across && along) return "plot";
  if (across && y > place.top + place.height) return "time";
  if (along && x < place.left) return "duration";
  return "outside";
}

/** Returns the cell at a point; a point outside has the nearest cell. */
export function cellAt(grid: Grid, place: Area, x: number, y: number): Cell {
  const column = Math.floor(((x - place.left) / place.width) * grid.columns);
  const row = Math.floor(((place.top + place.height - y) / place.height) * rows(grid));
  return { column: clamp(column, grid.columns), row: clamp(row, rows(grid)) };
}

/** Returns the edges of a run of cells in pixels, both ends included. */
export function box(grid: Grid, place: Area, a: Cell, b: Cell): Area {
  const [left, right] = [Math.min(a.column, b.column), Math.max(a.column, b.column) + 1];
  const [low, high] = [Math.min(a.row, b.row), Math.max(a.row, b.row) + 1];
  const x = (column: number) => place.left + (column / grid.columns) * place.width;
  const y = (row: number) => place.top + place.height - (row / Math.max(1, rows(grid))) * place.height;
  return { left: x(left), top: y(high), width: x(right) - x(left), height: y(low) - y(high) };
}

/** Returns the column that holds a time, which may lie outside of the grid. */
export function columnOf(grid: Grid, time: number): number {
  return Math.floor((time - grid.from) / grid.step);
}

/**
 * Returns how many rows lie below a duration, with a fraction. Rows are even by the logarithm, but for the first, which
 * may begin at 0.
 */
export function rowAt({ bounds }: Grid, duration: number): number {
  const above = bounds.findIndex((bound) => bound > duration);
  if (above === 0 || bounds.length < 2) return 0;
  if (above < 0) return bounds.length - 1;
  const [low, high] = [bounds[above - 1] ?? 0, bounds[above] ?? 1];
  const part = low > 0 ? Math.log(duration / low) / Math.log(high / low) : duration / high;
  return above - 1 + part;
}

/** Returns the bound that is nearest to a duration; selections come back from URLs, so they are not exact. */
export function boundOf(grid: Grid, duration: number): number {
  return Math.round(rowAt(grid, duration));
}

/** Returns the durations that the axis names: 1, 10, 100 … of the unit, with their place from 0 (bottom) to 1. */
export function durationTicks(grid: Grid): { duration: number; at: number }[] {
  const high = grid.bounds.at(-1) ?? 0;
  const low = grid.bounds.find((bound) => bound > 0) ?? 0;
  if (!(high > low) || rows(grid) === 0) return [];
  const parts = Math.log10(high / low) > 2.2 ? [1] : [1, 2, 5];
  const ticks: { duration: number; at: number }[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const part of parts) {
      const duration = part * 10 ** power;
      if (duration >= low && duration <= high) ticks.push({ duration, at: rowAt(grid, duration) / rows(grid) });
    }
  }
  return ticks.length > 0 ? ticks : [{ duration: low, at: rowAt(grid, low) / rows(grid) }];
}

const NICE = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400].map(
  (s) => s * 1e6,
);

/** Returns the times that the axis names, at round steps, at most `most` of them. */
export function timeTicks(grid: Grid, most: number, offset = 0): number[] {
  const end = grid.from + grid.step * grid.columns;
  const step =
    NICE.find((each) => (end - grid.from) / each <= most) ?? Math.ceil((end - grid.from) / most / 864e8) * 864e8;
  const ticks: number[] = [];
  // `offset` is the zone's distance from UTC, so that midnight is a round step where the reader is.
  for (let at = Math.ceil((grid.from + offset) / step) * step - offset; at <= end; at += step) ticks.push(at);
  return ticks;
}

function clamp(value: number, length: number): number {
  return Math.max(0, Math.min(length - 1, value));
}
