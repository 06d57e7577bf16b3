/** Keeps nodes where they are when the map changes. */

import { GAP, NODE, type Places, type Plan, type Point } from "./arrange";

/**
 * Returns places in which every node that was there stays there. A new node goes where the fresh layout has it relative
 * to its neighbours, and below what is there already. Where most nodes are new, the fresh layout is taken as it is.
 */
export function settle(before: Places, fresh: Places, plan: Plan): Places {
  const stay = plan.nodes.filter((id) => before.has(id));
  if (stay.length * 2 < plan.nodes.length) return fresh;
  const places = new Map<string, Point>();
  for (const id of stay) places.set(id, before.get(id) as Point);
  for (const id of plan.nodes) {
    const wanted = fresh.get(id);
    if (places.has(id) || wanted === undefined) continue;
    const shift = offset(neighbours(plan, id), places, fresh) ?? offset(stay, places, fresh) ?? { x: 0, y: 0 };
    places.set(
      id,
      free({ x: Math.round(wanted.x + shift.x), y: Math.round(wanted.y + shift.y) }, [...places.values()]),
    );
  }
  return places;
}

function neighbours(plan: Plan, id: string): string[] {
  return plan.edges.flatMap(([from, to]) => (from === id ? [to] : to === id ? [from] : []));
}

/** Returns how far nodes are from where the fresh layout has them, on average. */
function offset(ids: readonly string[], places: Places, fresh: Places): Point | null {
  const moved = ids.flatMap((id) => {
    const [here, there] = [places.get(id), fresh.get(id)];
    return here === undefined || there === undefined ? [] : [{ x: here.x - there.x, y: here.y - there.y }];
  });
  if (moved.length === 0) return null;
  const mean = (of: "x" | "y") => moved.reduce((total, each) => total + each[of], 0) / moved.length;
  return { x: mean("x"), y: mean("y") };
}

/** Returns the wanted place, or the next one below it that is free. */
function free(wanted: Point, taken: readonly Point[]): Point {
  const column = taken.filter((at) => Math.abs(at.x - wanted.x) < NODE.width + GAP).sort((a, b) => a.y - b.y);
  let y = wanted.y;
  for (const at of column) if (Math.abs(at.y - y) < NODE.height + GAP / 2) y = at.y + NODE.height + GAP;
  return { x: wanted.x, y };
}
