/** The extent of the places, and the way from one to another by the arrow keys. */

import { NODE, type Places, type Point } from "./arrange";

const MARGIN = 28;

/** Returns the box around all nodes, with a margin. */
export function extent(places: Places): { left: number; top: number; width: number; height: number } {
  const all = [...places.values()];
  if (all.length === 0) return { left: 0, top: 0, width: 1, height: 1 };
  const of = (axis: "x" | "y", half: number) => {
    const values = all.map((point) => point[axis]);
    const low = values.reduce((a, b) => Math.min(a, b)) - half - MARGIN;
    return [low, values.reduce((a, b) => Math.max(a, b)) + half + MARGIN - low] as const;
  };
  const [left, width] = of("x", NODE.width / 2);
  const [top, height] = of("y", NODE.height / 2);
  return { left, top, width, height };
}

const WAYS: Record<string, Point> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

/** Returns the node that an arrow key goes to: near, and rather straight on. */
export function nearest(places: Places, from: string, key: string): string | null {
  const [here, way] = [places.get(from), WAYS[key]];
  if (here === undefined || way === undefined) return null;
  let best: string | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const [id, { x, y }] of places) {
    const along = (x - here.x) * way.x + (y - here.y) * way.y;
    const aside = Math.abs((x - here.x) * way.y) + Math.abs((y - here.y) * way.x);
    if (id === from || along < 20) continue;
    const far = along + aside * 1.5;
    if (far < least) [best, least] = [id, far];
  }
  return best;
}
