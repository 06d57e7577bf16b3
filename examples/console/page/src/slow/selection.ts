/** A selection of the heat map: of a rectangle, of a strip of time, or of a band of durations. */

import { type Cell, type Grid, type Zone, boundOf, columnOf, rows } from "./plot";

export type Kind = "rectangle" | "strip" | "band";

/** Bounds in the API's units; a strip has only times, a band only durations. */
export interface Selection {
  readonly from: number | null;
  readonly to: number | null;
  readonly min: number | null;
  readonly max: number | null;
}

export const NOTHING: Selection = { from: null, to: null, min: null, max: null };

export function kind(selection: Selection): Kind | null {
  const times = selection.from !== null && selection.to !== null;
  const durations = selection.min !== null && selection.max !== null;
  if (times && durations) return "rectangle";
  if (times) return "strip";
  return durations ? "band" : null;
}

/** Returns what dragging from one cell to another selects. A rectangle over the full height is a strip, and so on. */
export function drag(grid: Grid, zone: Zone, start: Cell, end: Cell): Selection {
  const [left, right] = [Math.min(start.column, end.column), Math.max(start.column, end.column) + 1];
  const [low, high] = [Math.min(start.row, end.row), Math.max(start.row, end.row) + 1];
  const tall = zone === "time" || (low === 0 && high === rows(grid));
  const wide = zone === "duration" || (left === 0 && right === grid.columns);
  // All of both is everything: then there is nothing to compare with.
  if (tall && wide) return NOTHING;
  const times = { from: grid.from + left * grid.step, to: grid.from + right * grid.step };
  const durations = { min: grid.bounds[low] ?? null, max: grid.bounds[high] ?? null };
  if (tall) return { ...NOTHING, ...times };
  if (wide) return { ...NOTHING, ...durations };
  return { ...times, ...durations };
}

/** Returns the cells of a selection, both ends included; null where no cell of the grid is in it. */
export function cells(grid: Grid, selection: Selection): { start: Cell; end: Cell } | null {
  if (kind(selection) === null || rows(grid) === 0) return null;
  const left = selection.from === null ? 0 : columnOf(grid, selection.from);
  const right = selection.to === null ? grid.columns - 1 : columnOf(grid, selection.to - 1);
  const low = selection.min === null ? 0 : boundOf(grid, selection.min);
  const high = selection.max === null ? rows(grid) - 1 : boundOf(grid, selection.max) - 1;
  if (right < 0 || left >= grid.columns || high < low) return null;
  return {
    start: { column: Math.max(0, left), row: low },
    end: { column: Math.min(grid.columns - 1, right), row: Math.min(rows(grid) - 1, high) },
  };
}

/** Returns the spans of the cells of a selection. */
export function spansIn(
  grid: Grid,
  all: readonly (readonly [column: number, row: number, spans: number, errors: number])[],
  selection: Selection,
): number {
  const part = cells(grid, selection);
  if (part === null) return 0;
  const { start, end } = part;
  return all.reduce((sum, [column, row, spans]) => {
    const inside = column >= start.column && column <= end.column && row >= start.row && row <= end.row;
    return inside ? sum + spans : sum;
  }, 0);
}

const PARAMETERS = { from: "sel_from", to: "sel_to", min: "sel_min", max: "sel_max" } as const;

export function read(query: URLSearchParams): Selection {
  const number = (name: string) => {
    const text = query.get(name);
    const value = text === null || text.trim() === "" ? Number.NaN : Number(text);
    return Number.isFinite(value) ? value : null;
  };
  const found = { from: number("sel_from"), to: number("sel_to"), min: number("sel_min"), max: number("sel_max") };
  const times = found.from !== null && found.to !== null && found.from < found.to;
  const durations = found.min !== null && found.max !== null && found.min < found.max;
  return {
    from: times ? found.from : null,
    to: times ? found.to : null,
    min: durations ? found.min : null,
    max: durations ? found.max : null,
  };
}

/** Returns the parameters of a selection, for the URL and for `/compare`; null takes a parameter out. */
export function parameters(selection: Selection): Record<string, string | null> {
  const text = (value: number | null) => (value === null ? null : String(value));
  return Object.fromEntries(
    Object.entries(PARAMETERS).map(([member, name]) => [name, text(selection[member as keyof Selection])]),
  );
}

/** Returns the changes of parameters that make a selection the whole picture. */
export function zoomed(selection: Selection): Record<string, string | null> {
  const filters = Object.entries(selection).filter(([, bound]) => bound !== null);
  const times = selection.from === null ? {} : { last: null };
  return {
    ...times,
    ...Object.fromEntries(filters.map(([name, bound]) => [name, String(bound)])),
    ...parameters(NOTHING),
  };
}

/** Says in words what is compared with what. */
export function compared(selection: Selection): { inside: string; outside: string } {
  switch (kind(selection)) {
    case "strip":
      return { inside: "in this time", outside: "before and after" };
    case "band":
      return { inside: "of this duration", outside: "slower and faster" };
    default:
      return { inside: "in the selection", outside: "the rest" };
  }
}
