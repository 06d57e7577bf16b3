/** Draws the arrow between two nodes. */

import { NODE, type Point } from "./arrange";

/**
 * Returns the path of an arrow, and where its label is: near its end, since arrows part from one beginning. `lane`
 * keeps arrows between the same nodes apart.
 */
export function curve(from: Point, to: Point, lane = 0): { path: string; label: Point } {
  const shift = lane * 12;
  if (from.x === to.x && from.y === to.y) return loop(from, shift);
  if (to.x - from.x >= NODE.width) {
    const start = { x: from.x + NODE.width / 2, y: from.y + shift };
    const end = { x: to.x - NODE.width / 2 - TIP, y: to.y + shift };
    const bend = Math.max(28, (end.x - start.x) / 2);
    return bezier(start, { x: start.x + bend, y: start.y }, { x: end.x - bend, y: end.y }, end);
  }
  // Backwards, or within a layer: out of one side and around into the other.
  const back = to.x - from.x < -NODE.width / 2;
  const start = { x: from.x + (back ? 0 : NODE.width / 2), y: from.y + (back ? NODE.height / 2 : shift) };
  const end = { x: to.x + (back ? 0 : NODE.width / 2 + TIP), y: to.y + (back ? NODE.height / 2 + TIP : shift) };
  const deep = 56 + Math.abs(shift);
  return back
    ? bezier(start, { x: start.x, y: start.y + deep }, { x: end.x, y: end.y + deep }, end)
    : bezier(start, { x: start.x + deep, y: start.y }, { x: end.x + deep, y: end.y }, end);
}

/** How far along an arrow its label is. */
const LABEL_AT = 0.6;
/** The arrow's head takes this much off the line. */
const TIP = 9;

function loop({ x, y }: Point, shift: number) {
  const start = { x: x + NODE.width / 2 - 24, y: y - NODE.height / 2 };
  const end = { x: x + NODE.width / 2 - 60 - shift, y: y - NODE.height / 2 - TIP };
  return bezier(start, { x: start.x + 12, y: start.y - 44 }, { x: end.x - 12, y: end.y - 36 }, end);
}

function bezier(a: Point, b: Point, c: Point, d: Point) {
  const [t, u] = [LABEL_AT, 1 - LABEL_AT];
  const part = (of: "x" | "y") => u ** 3 * a[of] + 3 * u * u * t * b[of] + 3 * u * t * t * c[of] + t ** 3 * d[of];
  return {
    path: `M${a.x} ${a.y}C${b.x} ${b.y} ${c.x} ${c.y} ${d.x} ${d.y}`,
    label: { x: Math.round(part("x")), y: Math.round(part("y")) },
  };
}
