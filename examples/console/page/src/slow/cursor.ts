/** The keyboard on the heat map: a cursor that moves over the cells, and an anchor that it selects from. */

import { type Cell, type Grid, type Zone, rows } from "./plot";

export interface Cursor {
  readonly at: Cell;
  /** Where the selection began; null while nothing is being selected. */
  readonly anchor: Cell | null;
  /** What the anchor and the cursor span: cells, whole columns, or whole rows. */
  readonly zone: Zone;
}

export type Act = "move" | "compare" | "clear";

export function begin(grid: Grid): Cursor {
  return { at: { column: Math.floor(grid.columns / 2), row: Math.floor(rows(grid) / 2) }, anchor: null, zone: "plot" };
}

/** Returns the cursor after a key, and what is to be done; null for a key that means nothing here. */
export function press(grid: Grid, cursor: Cursor, key: string, shift: boolean): { cursor: Cursor; act: Act } | null {
  if (key === "Enter") return { cursor, act: "compare" };
  if (key === "Escape") return { cursor: { ...cursor, anchor: null, zone: "plot" }, act: "clear" };
  const zone = { s: "time", b: "duration", r: "plot" }[key.toLowerCase()] as Zone | undefined;
  if (zone !== undefined) return { cursor: { ...cursor, anchor: cursor.anchor ?? cursor.at, zone }, act: "move" };
  const at = moved(grid, cursor.at, key);
  if (at === null) return null;
  const anchor = shift ? (cursor.anchor ?? cursor.at) : null;
  return { cursor: { at, anchor, zone: shift ? cursor.zone : "plot" }, act: "move" };
}

const FAR = 10;

function moved(grid: Grid, { column, row }: Cell, key: string): Cell | null {
  const across = (to: number) => ({ column: Math.max(0, Math.min(grid.columns - 1, to)), row });
  const along = (to: number) => ({ column, row: Math.max(0, Math.min(rows(grid) - 1, to)) });
  switch (key) {
    case "ArrowLeft":
      return across(column - 1);
    case "ArrowRight":
      return across(column + 1);
    case "ArrowUp":
      return along(row + 1);
    case "ArrowDown":
      return along(row - 1);
    case "Home":
      return across(0);
    case "End":
      return across(grid.columns - 1);
    case "PageUp":
      return along(row + FAR);
    case "PageDown":
      return along(row - FAR);
    default:
      return null;
  }
}
