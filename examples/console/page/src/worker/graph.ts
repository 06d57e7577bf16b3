/** Lays out a graph in layers, from left to right. */

import { Graph, layout } from "@dagrejs/dagre";
import type { GraphJob, GraphLayout } from "./messages";

export function layoutGraph({ nodes, edges }: GraphJob): GraphLayout {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: "LR", nodesep: 28, ranksep: 70, marginx: 16, marginy: 16 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, width, height } of nodes) graph.setNode(id, { width, height });
  edges.forEach(({ from, to }, index) => graph.setEdge(from, to, {}, String(index)));
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return {
    width,
    height,
    nodes: nodes.map(({ id }) => {
      const { x, y } = graph.node(id) as { x: number; y: number };
      return { id, x, y };
    }),
    edges: edges.map(({ from, to }, index) => {
      const { points = [] } = graph.edge(from, to, String(index)) as { points?: { x: number; y: number }[] };
      return { points: points.map(({ x, y }) => ({ x, y })) };
    }),
  };
}
