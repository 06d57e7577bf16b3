/** The whole request in a strip: how many spans were at work when, and where errors are. */

import { serviceColour } from "../../ui/palette";
import { token } from "../../ui/theme";
import type { View } from "../axis";
import { ERROR, type Columns } from "../columns";
import { scale, type Canvas } from "./canvas";
import type { Outline } from "../outline";

/** The widest line of a span, so that small requests look like their bars. */
const THICKEST = 4;

/** Draws each span on a line of its own place from above to below; lines of large requests fall on each other. */
export function drawMinimap(canvas: Canvas, columns: Columns, outline: Outline, whole: View): void {
  const { context, width, height } = canvas;
  const x = scale(whole.from, whole.to, width);
  const total = Math.max(1, outline.node.length);
  const line = Math.min(THICKEST, height / total);
  const thick = Math.max(1, line * 0.75);
  const lines = Math.max(1, Math.floor(height / Math.max(line, 1)));
  const colours = columns.services.map(serviceColour);
  // On one line of the strip, what is beside and of the same service is drawn as one.
  let open: { line: number; service: number; left: number; right: number } | null = null;
  const flush = (): void => {
    if (open === null) return;
    context.fillStyle = colours[open.service] ?? token("--waiting");
    context.fillRect(open.left, open.line * Math.max(line, 1), Math.max(1, open.right - open.left), thick);
  };
  const errors: [number, number][] = [];
  for (let position = 0; position < outline.node.length; position += 1) {
    const at = outline.node[position] ?? 0;
    if (at >= columns.count) continue;
    const start = columns.start[at] ?? 0;
    const left = x(start);
    const right = Math.max(left + 1, x(start + (columns.length[at] ?? 0)));
    const on = Math.min(lines - 1, Math.floor((position / total) * (line < 1 ? lines : total)));
    const service = columns.service[at] ?? 0;
    if (open !== null && open.line === on && left >= open.left && right <= open.right + 1) {
      open.right = Math.max(open.right, right);
    } else {
      flush();
      open = { line: on, service, left, right };
    }
    if (((columns.flags[at] ?? 0) & ERROR) !== 0) errors.push([left, on * Math.max(line, 1)]);
  }
  flush();
  context.fillStyle = token("--error");
  for (const [left, y] of errors) context.fillRect(left - 1, Math.max(0, Math.min(height - 4, y - 1)), 3, 4);
}
