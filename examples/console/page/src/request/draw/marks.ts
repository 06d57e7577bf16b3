/** What is written on a bar and behind it: log lines and errors. */

import type { Log } from "../../api/types";
import { ERROR, type Columns } from "../columns";
import { LEAST } from "./bar";
import { ROW, type Canvas } from "./canvas";
import type { Paint } from "./paint";

/** Errors: a triangle at the end of the bar, and what went wrong where there is room. */
export function words(
  { context, width }: Canvas,
  columns: Columns,
  at: number,
  x: (time: number) => number,
  y: number,
  colours: Paint,
): void {
  if (((columns.flags[at] ?? 0) & ERROR) === 0) return;
  const start = columns.start[at] ?? 0;
  const right = Math.max(x(start) + LEAST, x(start + (columns.length[at] ?? 0)));
  if (right < 0 || x(start) > width) return;
  const left = Math.min(right + 4, width - 14);
  const middle = y + ROW / 2;
  context.fillStyle = colours.error;
  context.strokeStyle = colours.surface;
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(left + 5, middle - 5.5);
  context.lineTo(left + 11, middle + 4.5);
  context.lineTo(left - 1, middle + 4.5);
  context.closePath();
  context.stroke();
  context.fill();
  const error = columns.errors.get(at);
  const room = width - left - 20;
  if (error === undefined || room < 60) return;
  context.font = `11px ${colours.font}`;
  context.textBaseline = "middle";
  context.fillText(cut(context, error, room), left + 16, middle + 0.5);
}

/** Returns the beginning of a text that fits, its direction kept to itself. */
function cut(context: CanvasRenderingContext2D, text: string, room: number): string {
  let shown = text.length > 120 ? text.slice(0, 120) : text;
  shown = shown.replaceAll(/[\u0000-\u001f\u202a-\u202e\u2066-\u2069]/g, " ");
  if (shown.length === text.length && context.measureText(shown).width <= room) return shown;
  while (shown.length > 1 && context.measureText(`${shown}…`).width > room)
    shown = shown.slice(0, Math.floor(shown.length * 0.85));
  return `${shown}…`;
}

/** Log lines: dots on the lower edge of the bar; a warning or an error is filled. */
export function dots(
  { context, width }: Canvas,
  logs: readonly Log[] | undefined,
  origin: number,
  x: (time: number) => number,
  y: number,
  colours: Paint,
): void {
  let last = Number.NEGATIVE_INFINITY;
  for (const log of logs ?? []) {
    const at = x(log.time - origin);
    if (at < -4 || at > width + 4 || at - last < 2) continue;
    last = at;
    context.beginPath();
    context.arc(at, y + ROW / 2, 2.5, 0, Math.PI * 2);
    context.fillStyle = log.severity === "error" || log.severity === "warn" ? colours.text : colours.surface;
    context.fill();
    context.strokeStyle = colours.text;
    context.lineWidth = 1.2;
    context.stroke();
  }
}
