/** Links between spans. */

import type { Store } from "../store";
import { ROW, type Canvas } from "./canvas";
import type { Paint } from "./paint";

/** Links: curves from what was linked to, to the span that has the link. Those of the selected span, or all. */
export function links(
  { context }: Canvas,
  store: Store,
  first: number,
  x: (time: number) => number,
  colours: Paint,
): void {
  const columns = store.columns.value;
  const selected = store.selected.value;
  const middle = (row: number): number => (row - first) * ROW + ROW / 2;
  for (const { from, to } of columns.links) {
    const chosen = selected >= 0 && (from === selected || to === selected);
    if (!chosen && !store.links.value) continue;
    const [row, other] = [store.rowOf(from), to === null ? -1 : store.rowOf(to)];
    if (row < 0 || (to !== null && other < 0)) continue;
    const right = x(columns.start[from] ?? 0);
    const below = middle(row);
    context.strokeStyle = chosen ? colours.accent : colours.soft;
    context.fillStyle = context.strokeStyle;
    context.lineWidth = chosen ? 2 : 1;
    context.globalAlpha = chosen ? 1 : 0.7;
    context.beginPath();
    if (to === null || other === row) {
      // What it links to is not here: a stub.
      context.setLineDash([3, 3]);
      context.moveTo(right - 26, below);
      context.lineTo(right - 6, below);
    } else {
      const left = x(leaves(store, to, other, columns.start[from] ?? 0));
      const bend = Math.max(24, Math.abs(right - left) * 0.4);
      context.moveTo(left, middle(other));
      context.bezierCurveTo(left + bend, middle(other), right - bend - 6, below, right - 6, below);
    }
    context.stroke();
    context.setLineDash([]);
    context.beginPath();
    context.moveTo(right, below);
    context.lineTo(right - 7, below - 4);
    context.lineTo(right - 7, below + 4);
    context.closePath();
    context.fill();
    context.globalAlpha = 1;
  }
}

/** Returns the time at which a link leaves a row: at the end of the bar, but not after the start of the other. */
function leaves(store: Store, to: number, row: number, start: number): number {
  const columns = store.columns.value;
  const node = store.outline.value.node[store.rows.value[row] ?? 0] ?? to;
  const end = (at: number): number => (columns.start[at] ?? 0) + (columns.length[at] ?? 0);
  const latest = node < columns.count ? Math.min(end(to), end(node)) : end(to);
  return Math.min(latest, Math.max(columns.start[to] ?? 0, start));
}
