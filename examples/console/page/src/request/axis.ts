/** The axis of time: what is in sight, and how it is moved. Times are relative to the request's origin. */

import { niceStep } from "../ui/format";
import type { Columns } from "./columns";

export interface View {
  from: number;
  to: number;
}

/** The shortest time that can be zoomed to (microseconds). */
const SHORTEST = 1;

/** Returns all of the request: from the first wait in a queue to the last end. */
export function wholeView(columns: Columns): View {
  let from = 0;
  let to = columns.duration;
  for (let at = 0; at < columns.count; at += 1) {
    const start = columns.start[at] ?? 0;
    from = Math.min(from, start);
    to = Math.max(to, start + (columns.length[at] ?? 0));
  }
  for (const [at, { queue }] of columns.roots) {
    if (queue !== null) from = Math.min(from, (columns.start[at] ?? 0) - queue);
  }
  return { from, to: Math.max(to, from + SHORTEST) };
}

/** Returns a view of at least the shortest time, inside of the whole. */
export function within(view: View, whole: View): View {
  const length = Math.min(Math.max(view.to - view.from, SHORTEST), whole.to - whole.from);
  const from = Math.min(Math.max(view.from, whole.from), whole.to - length);
  return { from, to: from + length };
}

/** Returns the view with a factor of its length around a time, which keeps its place. */
export function zoomed(view: View, around: number, factor: number): View {
  return { from: around - (around - view.from) * factor, to: around + (view.to - around) * factor };
}

/** Returns the view of a span with some room on both sides. */
export function around(start: number, length: number): View {
  const room = Math.max(length * 0.06, SHORTEST);
  return { from: start - room, to: start + length + room };
}

/** Reads `1200..4000` of the URL. */
export function parseView(text: string | null): View | null {
  const match = /^(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)$/.exec(text ?? "");
  if (match === null) return null;
  const view = { from: Number(match[1]), to: Number(match[2]) };
  return view.to > view.from ? view : null;
}

/** Returns the view as the URL has it. */
export function viewText({ from, to }: View): string {
  const text = (value: number): string => String(Math.round(value * 1000) / 1000);
  return `${text(from)}..${text(to)}`;
}

/** Returns the marks of the axis in sight. */
export function ticks({ from, to }: View, width: number): number[] {
  const step = niceStep(to - from, Math.max(2, width / 90));
  const marks: number[] = [];
  for (let mark = Math.ceil(from / step); mark * step <= to && marks.length < 100; mark += 1) marks.push(mark * step);
  return marks;
}
