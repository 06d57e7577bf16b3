/** Draws the rows in sight. */

import type { Log } from "../../api/types";
import { ticks } from "../axis";
import type { Columns } from "../columns";
import type { Store } from "../store";
import { bar, bracket, elsewhere } from "./bar";
import { ROW, scale, type Canvas } from "./canvas";
import { criticalPath, criticalSpans } from "./critical";
import { links } from "./links";
import { dots, words } from "./marks";
import { paint } from "./paint";

/** Draws the rows `first` to `end` of a request; the canvas begins with the first. */
export function drawRows(canvas: Canvas, store: Store, first: number, end: number): void {
  const { context, width, height } = canvas;
  const columns = store.columns.value;
  const { node: nodes, groups } = store.outline.value;
  const { from, to } = store.view.value;
  const rows = store.rows.value;
  const x = scale(from, to, width);
  const colours = paint(context, columns);
  const critical = store.critical.value;
  const found = store.wanted.value === "" ? null : store.matching.value;

  context.strokeStyle = colours.line;
  context.lineWidth = 1;
  context.beginPath();
  for (const mark of ticks({ from, to }, width)) {
    const at = Math.round(x(mark)) + 0.5;
    context.moveTo(at, 0);
    context.lineTo(at, height);
  }
  context.stroke();

  const onPath = critical ? criticalSpans(columns) : null;
  const logs = logsBySpan(columns, store.logs.value);
  for (let row = first; row < end; row += 1) {
    const position = rows[row];
    if (position === undefined) break;
    const node = nodes[position] ?? 0;
    const y = (row - first) * ROW;
    const spans = node < columns.count ? [node] : (groups[node - columns.count]?.spans ?? []);
    const together = node >= columns.count;
    if (together && !store.isFolded(node)) {
      bracket(canvas, columns, spans, x, y, colours);
      continue;
    }
    for (const span of spans) {
      const faded = (onPath !== null && !onPath.has(span)) || (found !== null && !found.has(span));
      bar(canvas, columns, span, x, y, colours, faded);
      if (!together) {
        if (!faded) elsewhere(canvas, columns, span, x, y, colours);
        dots(canvas, logs.get(columns.span[span] ?? -1), columns.origin, x, y, colours);
        words(canvas, columns, span, x, y, colours);
      }
    }
  }
  if (critical) criticalPath(canvas, store, first, end, x, colours);
  links(canvas, store, first, x, colours);
}

function logsBySpan(columns: Columns, logs: readonly Log[]): Map<number, Log[]> {
  const by = new Map<number, Log[]>();
  if (columns.count === 0) return by;
  for (const log of logs) {
    if (log.span === null) continue;
    const list = by.get(log.span);
    if (list === undefined) by.set(log.span, [log]);
    else list.push(log);
  }
  return by;
}
