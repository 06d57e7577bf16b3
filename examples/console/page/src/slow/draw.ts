/** Paints the heat map on a canvas. */

import type { Heatmap } from "../api/types";
import { duration, timeMark } from "../ui/format";
import { type Area, type Cell, GUTTER, type Zone, area, box, durationTicks, rows, timeTicks } from "./plot";
import { type Scheme, css, palette, step } from "./scale";

/** The colours that are not of the scale, from the page's tokens. */
export interface Ink {
  readonly background: string;
  readonly text: string;
  readonly strong: string;
  /** Of the axes, along which strips and bands are dragged. */
  readonly track: string;
  readonly line: string;
  readonly accent: string;
  readonly error: string;
}

/** What lies over the cells. */
export interface Overlay {
  readonly selected: { start: Cell; end: Cell } | null;
  readonly cursor: Cell | null;
  readonly hover: Cell | null;
  readonly zone: Zone;
}

export function draw(
  context: CanvasRenderingContext2D,
  size: { width: number; height: number },
  map: Heatmap,
  ink: Ink,
  scheme: Scheme,
  over: Overlay,
): void {
  const place = area(size.width, size.height);
  context.clearRect(0, 0, size.width, size.height);
  context.fillStyle = ink.background;
  context.fillRect(place.left, place.top, place.width, place.height);
  tracks(context, place, ink, over.zone);
  axes(context, map, place, ink);
  cells(context, map, place, ink, scheme);
  if (over.hover !== null) cross(context, map, place, ink, over.hover);
  if (over.selected !== null) selection(context, map, place, ink, over.selected);
  if (over.cursor !== null) cursor(context, box(map, place, over.cursor, over.cursor), ink);
}

function cells(context: CanvasRenderingContext2D, map: Heatmap, place: Area, ink: Ink, scheme: Scheme): void {
  const most = map.cells.reduce((high, cell) => Math.max(high, cell[2]), 0);
  const colours = palette(scheme);
  const wide = place.width / map.columns;
  const tall = place.height / Math.max(1, rows(map));
  const gap = wide >= 5 && tall >= 5 ? 1 : 0;
  const left = (column: number) => Math.round(place.left + column * wide);
  const top = (row: number) => Math.round(place.top + place.height - row * tall);
  // By colour, because setting one costs more than filling a rectangle.
  const steps: Heatmap["cells"][] = colours.map(() => []);
  for (const cell of map.cells) steps[step(cell[2], most)]?.push(cell);
  steps.forEach((group, index) => {
    context.fillStyle = css(colours[index] ?? [0, 0, 0]);
    for (const [column, row] of group) {
      const [x, y] = [left(column), top(row + 1)];
      context.fillRect(x, y, Math.max(1.5, left(column + 1) - x - gap), Math.max(1.5, top(row) - y - gap));
    }
  });
  for (const [column, row, spans, errors] of map.cells) {
    if (errors > 0)
      corner(context, left(column + 1) - gap, top(row + 1), Math.min(wide, tall) - gap, errors / spans, ink);
  }
}

/** Marks a cell with errors by a corner, the larger the more of its spans failed. */
function corner(
  context: CanvasRenderingContext2D,
  right: number,
  top: number,
  size: number,
  share: number,
  ink: Ink,
): void {
  const edge = Math.max(3, size * (0.5 + 0.5 * share));
  context.beginPath();
  context.moveTo(right - edge, top);
  context.lineTo(right, top);
  context.lineTo(right, top + edge);
  context.closePath();
  context.fillStyle = ink.error;
  context.fill();
  context.lineWidth = 0.75;
  context.strokeStyle = ink.background;
  context.stroke();
}

/** Shows that the axes can be dragged along. */
function tracks(context: CanvasRenderingContext2D, place: Area, ink: Ink, over: Zone): void {
  const bar = (zone: Zone, x: number, y: number, width: number, height: number) => {
    context.fillStyle = over === zone ? ink.accent : ink.track;
    context.globalAlpha = over === zone ? 0.22 : 1;
    context.beginPath();
    context.roundRect(x, y, width, height, 4);
    context.fill();
    context.globalAlpha = 1;
  };
  bar("duration", 0, place.top, place.left - 4, place.height);
  bar("time", place.left, place.top + place.height + 4, place.width, GUTTER.bottom - 4);
}

function axes(context: CanvasRenderingContext2D, map: Heatmap, place: Area, ink: Ink): void {
  context.font = "11px ui-sans-serif, system-ui, sans-serif";
  context.lineWidth = 1;
  context.strokeStyle = ink.line;
  context.fillStyle = ink.text;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const { duration: us, at } of durationTicks(map)) {
    const y = Math.round(place.top + place.height * (1 - at)) + 0.5;
    line(context, place.left, y, place.left + place.width, y);
    context.fillText(
      duration(us).replace(/\.0+ /, " "),
      place.left - 10,
      Math.max(place.top + 8, Math.min(place.top + place.height - 8, y)),
    );
  }
  context.textAlign = "center";
  context.textBaseline = "top";
  const offset = -new Date(map.from / 1000).getTimezoneOffset() * 60e6;
  for (const at of timeTicks(map, Math.max(2, Math.floor(place.width / 90)), offset)) {
    const x = Math.round(place.left + ((at - map.from) / (map.step * map.columns)) * place.width) + 0.5;
    line(context, x, place.top, x, place.top + place.height + 4);
    const text = timeMark(at, map.step * map.columns);
    const half = context.measureText(text).width / 2;
    context.fillText(
      text,
      Math.max(place.left + half + 4, Math.min(place.left + place.width - half - 4, x)),
      place.top + place.height + 11,
    );
  }
}

function cross(context: CanvasRenderingContext2D, map: Heatmap, place: Area, ink: Ink, at: Cell): void {
  const cell = box(map, place, at, at);
  context.strokeStyle = ink.strong;
  context.globalAlpha = 0.35;
  context.lineWidth = 1;
  const [x, y] = [cell.left + cell.width / 2, cell.top + cell.height / 2];
  line(context, x, place.top, x, place.top + place.height);
  line(context, place.left, y, place.left + place.width, y);
  context.globalAlpha = 1;
}

/** Dims what is outside of the selection, and draws its edge. */
function selection(
  context: CanvasRenderingContext2D,
  map: Heatmap,
  place: Area,
  ink: Ink,
  { start, end }: { start: Cell; end: Cell },
): void {
  const inside = box(map, place, start, end);
  context.fillStyle = ink.background;
  context.globalAlpha = 0.62;
  context.beginPath();
  context.rect(place.left, place.top, place.width, place.height);
  context.rect(inside.left, inside.top, inside.width, inside.height);
  context.fill("evenodd");
  context.globalAlpha = 1;
  context.strokeStyle = ink.accent;
  context.lineWidth = 2;
  context.strokeRect(inside.left - 1, inside.top - 1, inside.width + 1, inside.height + 1);
}

function cursor(context: CanvasRenderingContext2D, cell: Area, ink: Ink): void {
  context.lineWidth = 3;
  context.strokeStyle = ink.background;
  context.strokeRect(cell.left - 2.5, cell.top - 2.5, cell.width + 4, cell.height + 4);
  context.lineWidth = 2;
  context.strokeStyle = ink.strong;
  context.strokeRect(cell.left - 2.5, cell.top - 2.5, cell.width + 4, cell.height + 4);
}

function line(context: CanvasRenderingContext2D, x: number, y: number, toX: number, toY: number): void {
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(toX, toY);
  context.stroke();
}
