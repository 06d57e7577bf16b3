/** Draws the bars of the rows in sight. Everything is in CSS pixels; the context is scaled to the device's. */

import type { Log } from "../api/types";
import { duration } from "../ui/format";
import { serviceColour } from "../ui/palette";
import { token } from "../ui/theme";
import { ticks } from "./axis";
import { ERROR, KINDS, UNFINISHED, type Columns } from "./columns";
import type { Store } from "./store";

export const ROW = 24;
const BAR = 12;
const TOP = (ROW - BAR) / 2;
const LEAST = 2;
/** Room to the right of the last bar, for what is written behind it. */
export const MARGIN = 20;

/** From time to pixels. */
export function scale(from: number, to: number, width: number): (time: number) => number {
  const factor = (width - MARGIN) / (to - from);
  return (time) => (time - from) * factor;
}

export interface Canvas {
  context: CanvasRenderingContext2D;
  width: number;
  height: number;
}

/** Returns the context of a canvas that is as sharp as the screen, cleared. */
export function prepare(canvas: HTMLCanvasElement, width: number, height: number): Canvas | null {
  const context = canvas.getContext("2d");
  if (context === null) return null;
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

interface Paint {
  services: string[];
  error: string;
  surface: string;
  text: string;
  soft: string;
  line: string;
  waiting: string;
  critical: string;
  accent: string;
  font: string;
  hatch: CanvasPattern | string;
}

function paint(context: CanvasRenderingContext2D, columns: Columns): Paint {
  const waiting = token("--waiting");
  return {
    services: columns.services.map(serviceColour),
    error: token("--error"), surface: token("--surface"), text: token("--text"), soft: token("--text-soft"),
    line: token("--line"), waiting, critical: token("--critical"), accent: token("--accent"),
    font: getComputedStyle(document.body).fontFamily,
    hatch: hatch(context, waiting) ?? waiting,
  };
}

function hatch(context: CanvasRenderingContext2D, colour: string): CanvasPattern | null {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 6;
  const on = tile.getContext("2d");
  if (on === null) return null;
  on.strokeStyle = colour;
  on.lineWidth = 1.2;
  on.beginPath();
  for (const x of [-6, 0, 6]) {
    on.moveTo(x, 6);
    on.lineTo(x + 6, 0);
  }
  on.stroke();
  return context.createPattern(tile, "repeat");
}

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
    const spans = node < columns.count ? [node] : groups[node - columns.count]?.spans ?? [];
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

function bar(
  { context, width }: Canvas, columns: Columns, at: number, x: (time: number) => number, y: number, colours: Paint, faded: boolean,
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
function elsewhere({ context, width }: Canvas, columns: Columns, at: number, x: (time: number) => number, y: number, colours: Paint): void {
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

/** Errors: a triangle at the end of the bar, and what went wrong where there is room. */
function words({ context, width }: Canvas, columns: Columns, at: number, x: (time: number) => number, y: number, colours: Paint): void {
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
  while (shown.length > 1 && context.measureText(`${shown}…`).width > room) shown = shown.slice(0, Math.floor(shown.length * 0.85));
  return `${shown}…`;
}

function bracket(
  { context, width }: Canvas, columns: Columns, spans: readonly number[], x: (time: number) => number, y: number, colours: Paint,
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

/** Log lines: dots on the lower edge of the bar; a warning or an error is filled. */
function dots(
  { context, width }: Canvas, logs: readonly Log[] | undefined, origin: number, x: (time: number) => number, y: number, colours: Paint,
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

function criticalSpans(columns: Columns): Set<number> {
  const spans = new Set<number>();
  for (let piece = 0; piece < columns.critical.length; piece += 3) spans.add(columns.critical[piece] ?? 0);
  return spans;
}

/** The critical path: a line along the bars, and from one to the next. */
function criticalPath(
  { context, width }: Canvas, store: Store, first: number, end: number, x: (time: number) => number, colours: Paint,
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
    if (before !== null && before.row !== row && Math.max(before.row, row) >= first && Math.min(before.row, row) < end) {
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

/** Links: curves from what was linked to, to the span that has the link. Those of the selected span, or all. */
function links({ context }: Canvas, store: Store, first: number, x: (time: number) => number, colours: Paint): void {
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
