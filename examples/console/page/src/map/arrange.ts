/** Lays the map out in layers, from who calls (left) to who is called (right). */

import type { GraphJob, GraphLayout } from "../worker/messages";

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The boxes and the arrows between them, by id. */
export interface Plan {
  readonly nodes: readonly string[];
  readonly edges: readonly (readonly [from: string, to: string])[];
}

/** The middle of each node's box. */
export type Places = ReadonlyMap<string, Point>;

/** The size of a node's box, in pixels. */
export const NODE = { width: 164, height: 56 } as const;
/** The least room between boxes. */
export const GAP = 24;

/** Returns what identifies a plan: a map with the same nodes and arrows is not laid out again. */
export function signature(plan: Plan): string {
  return JSON.stringify([[...plan.nodes].sort(), plan.edges.map((edge) => edge.join("\0")).sort()]);
}

/** Returns where each node of a plan is. `layout` is dagre, in the worker. The same plan has the same places. */
export async function arrange(
  plan: Plan,
  layout: (job: GraphJob) => Promise<GraphLayout> | GraphLayout,
): Promise<Places> {
  // dagre's result depends on the order of its input, and answers are sorted by calls, which change. The ids are
  // numbers for dagre, since it keeps them as members of objects, where "__proto__" is not one.
  const ids = [...plan.nodes].sort();
  const numbers = new Map(ids.map((id, number) => [id, String(number)]));
  const edges = plan.edges
    .flatMap(([from, to]) => {
      const ends = { from: numbers.get(from), to: numbers.get(to) };
      return ends.from === undefined || ends.to === undefined || from === to ? [] : [{ from: ends.from, to: ends.to }];
    })
    .sort((a, b) => Number(a.from) - Number(b.from) || Number(a.to) - Number(b.to));
  const { nodes } = await layout({
    kind: "graph",
    nodes: ids.map((_, number) => ({ id: String(number), ...NODE })),
    edges,
  });
  return new Map(nodes.map(({ id, x, y }) => [ids[Number(id)] ?? "", { x: Math.round(x), y: Math.round(y) }]));
}
