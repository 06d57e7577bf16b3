/** The critical path: the spans that, were they shorter, would shorten the request. */

import type { Columns } from "../columns";
import type { Store } from "../store";
import { ROW, type Canvas } from "./canvas";
import type { Paint } from "./paint";

export function criticalSpans(columns: Columns): Set<number> {
  const spans = new Set<number>();
  for (let piece = 0; piece < columns.critical.length; piece += 3) spans.add(columns.critical[piece] ?? 0);
  return spans;
}

/** The critical path: a line along the bars, and from one to the next. */
export function criticalPath(
  { context, width }: Canvas,
  store: Store,
  first: number,
  end: number,
  x: (time: number) => number,
  colours: Paint,
): void {
  const { critical } = store.columns.value;
  let before: { row: number; right: number } | null = null;
  context.strokeStyle = colours.critical;
  context.lineCap = "butt";
  for (let piece = 0; piece < critical.length; piece += 3) {
    const row = store.rowOf(critical[piece] ?? 0);
    const start = critical[piece + 1] ?? 0;
    const [left, right] = [x(start), x(start + (critical[piece + 2] ?? 0))];
    if (row < 0) continue;
    const middle = (of: number): number => (of - first) * ROW + ROW / 2;
    if (row >= first && row < end && right > 0 && left < width) {
      context.lineWidth = 3;
      context.beginPath();
      context.moveTo(Math.max(0, left), middle(row));
      context.lineTo(Math.max(Math.max(0, left) + 1, Math.min(width, right)), middle(row));
      context.stroke();
    }
    if (
      before !== null &&
      before.row !== row &&
      Math.max(before.row, row) >= first &&
      Math.min(before.row, row) < end
    ) {
      context.lineWidth = 1.2;
      context.beginPath();
      context.moveTo(before.right, middle(before.row));
      context.lineTo(left, middle(before.row));
      context.lineTo(left, middle(row));
      context.stroke();
    }
    before = { row, right };
  }
}
