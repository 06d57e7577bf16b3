/** The bar of a span: its time, the wait before it, and where it is when it is out of sight. */

import { duration } from "../../ui/format";
import { KINDS, UNFINISHED, type Columns } from "../columns";
import { ROW, type Canvas } from "./canvas";
import type { Paint } from "./paint";

const BAR = 12;
const TOP = (ROW - BAR) / 2;
/** The width of the shortest span. */
export const LEAST = 2;

export function bar(
  { context, width }: Canvas,
  columns: Columns,
  at: number,
  x: (time: number) => number,
  y: number,
  colours: Paint,
  faded: boolean,
): void {
  const start = columns.start[at] ?? 0;
  const left = x(start);
  const right = Math.max(left + LEAST, x(start + (columns.length[at] ?? 0)));
  const flags = columns.flags[at] ?? 0;
  const queue = columns.roots.get(at)?.queue ?? 0;
  context.globalAlpha = faded ? 0.28 : 1;

  if (queue > 0) {
    const begun = Math.max(-8, x(start - queue));
    const until = Math.min(left, width + 8);
    if (until > begun && left > 0) {
      context.fillStyle = colours.hatch;
      context.fillRect(begun, y + TOP + 1, until - begun, BAR - 2);
      context.strokeStyle = colours.waiting;
      context.lineWidth = 1;
      context.strokeRect(begun + 0.5, y + TOP + 1.5, Math.max(0, until - begun - 1), BAR - 3);
      const label = `${duration(queue)} in queue`;
      context.font = `11px ${colours.font}`;
      const room = context.measureText(label).width + 12;
      const seen = Math.max(begun, 0);
      if (until - seen > room + 8) {
        context.fillStyle = colours.surface;
        context.fillRect((seen + until - room) / 2, y + 4, room, ROW - 8);
        context.fillStyle = colours.soft;
        context.textBaseline = "middle";
        context.fillText(label, (seen + until - room) / 2 + 6, y + ROW / 2 + 0.5);
      }
    }
  }

  if (right > -8 && left < width + 8) {
    const [l, r] = [Math.max(left, -8), Math.min(right, width + 8)];
    const colour = colours.services[columns.service[at] ?? -1] ?? colours.waiting;
    const call = KINDS[columns.kind[at] ?? 0] === "client" || KINDS[columns.kind[at] ?? 0] === "producer";
    context.fillStyle = colour;
    context.beginPath();
    context.roundRect(l, y + TOP, r - l, BAR, Math.min(2, (r - l) / 2));
    if (call) {
      const alpha = context.globalAlpha;
      context.globalAlpha = alpha * 0.5;
      context.fill();
      context.globalAlpha = alpha;
      if (r - l > 3) {
        context.strokeStyle = colour;
        context.lineWidth = 1;
        context.beginPath();
        context.roundRect(l + 0.5, y + TOP + 0.5, r - l - 1, BAR - 1, 2);
        context.stroke();
      }
    } else context.fill();
    if ((flags & UNFINISHED) !== 0) {
      context.strokeStyle = colours.surface;
      context.lineWidth = 2;
      context.setLineDash([2, 2]);
      context.beginPath();
      context.moveTo(r - 1, y + TOP);
      context.lineTo(r - 1, y + TOP + BAR);
      context.stroke();
      context.setLineDash([]);
    }
  }
  context.globalAlpha = 1;
}

/** A span that is not in sight: an angle at the side where it is. */
export function elsewhere(
  { context, width }: Canvas,
  columns: Columns,
  at: number,
  x: (time: number) => number,
  y: number,
  colours: Paint,
): void {
  const left = x(columns.start[at] ?? 0);
  const right = x((columns.start[at] ?? 0) + (columns.length[at] ?? 0));
  const side = right < 0 ? -1 : left > width ? 1 : 0;
  if (side === 0) return;
  const [tip, middle] = [side < 0 ? 5 : width - 5, y + ROW / 2];
  context.strokeStyle = colours.waiting;
  context.lineWidth = 1.5;
  context.beginPath();
  context.moveTo(tip - side * 4, middle - 4);
  context.lineTo(tip, middle);
  context.lineTo(tip - side * 4, middle + 4);
  context.stroke();
}

/** The spans of a group: a bracket from the first start to the last end. */
export function bracket(
  { context, width }: Canvas,
  columns: Columns,
  spans: readonly number[],
  x: (time: number) => number,
  y: number,
  colours: Paint,
): void {
  const from = Math.min(...spans.map((at) => columns.start[at] ?? 0));
  const to = Math.max(...spans.map((at) => (columns.start[at] ?? 0) + (columns.length[at] ?? 0)));
  const [left, right] = [Math.max(-8, x(from)), Math.min(width + 8, Math.max(x(to), x(from) + LEAST))];
  context.strokeStyle = colours.soft;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(left + 0.5, y + ROW - 5);
  context.lineTo(left + 0.5, y + ROW / 2 + 0.5);
  context.lineTo(right - 0.5, y + ROW / 2 + 0.5);
  context.lineTo(right - 0.5, y + ROW - 5);
  context.stroke();
}
