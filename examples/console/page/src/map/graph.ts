/** What the map draws, from the API's answer. */

import type { MapEdge, MapNode, ServiceMap } from "../api/types";
import type { Plan } from "./arrange";

/** Above this many nodes a list is easier to read than a picture. */
export const MOST_NODES = 200;

/** An edge has no id of its own. */
export function edgeKey({ from, to, kind }: MapEdge): string {
  return JSON.stringify([from, to, kind]);
}

/** Returns the plan of a map: arrows of several kinds between the same nodes are one. */
export function plan(map: ServiceMap): Plan {
  const edges = new Map(map.edges.map(({ from, to }) => [JSON.stringify([from, to]), [from, to] as const]));
  return { nodes: map.nodes.map(({ node }) => node), edges: [...edges.values()] };
}

/** Returns the nodes at either end of a node's edges, and the node; `null` where all of the map is meant. */
export function around(map: ServiceMap, nodes: ReadonlySet<string>): Set<string> | null {
  if (nodes.size === 0) return null;
  const near = new Set(nodes);
  for (const { from, to } of map.edges) {
    if (nodes.has(from)) near.add(to);
    if (nodes.has(to)) near.add(from);
  }
  return near;
}

/** Returns the nodes that the URL points out: the chosen one, and those of the services filtered by. */
export function pointedOut(map: ServiceMap, chosen: string | null, services: readonly string[]): Set<string> {
  const own = (node: MapNode) => (node.kind === "function" || node.kind === "service") && services.includes(node.name);
  const wanted = map.nodes.filter((node) => node.node === chosen || own(node)).map(({ node }) => node);
  return new Set(wanted);
}

/** Returns the service that a node stands for; `null` for what has no telemetry of its own. */
export function serviceOf(node: MapNode): string | null {
  return node.kind === "function" || node.kind === "service" ? node.name : null;
}

/** Returns the place of each edge among those between the same two nodes, counted from the middle. */
export function lanes(edges: readonly MapEdge[]): Map<string, number> {
  const groups = new Map<string, MapEdge[]>();
  for (const edge of edges) {
    const ends = JSON.stringify([edge.from, edge.to].sort());
    groups.set(ends, [...(groups.get(ends) ?? []), edge]);
  }
  const places = new Map<string, number>();
  for (const group of groups.values()) {
    group
      .sort((a, b) => (edgeKey(a) < edgeKey(b) ? -1 : 1))
      .forEach((edge, index) => places.set(edgeKey(edge), index - (group.length - 1) / 2));
  }
  return places;
}
