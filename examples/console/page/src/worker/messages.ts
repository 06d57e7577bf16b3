/** What the page and its worker say to each other. Every job has an answer of the same number. */

export interface GraphJob {
  kind: "graph";
  nodes: { id: string; width: number; height: number }[];
  edges: { from: string; to: string }[];
}

/** Places of the middle of each node, and the points of each edge, in the order of the job. */
export interface GraphLayout {
  width: number;
  height: number;
  nodes: { id: string; x: number; y: number }[];
  edges: { points: { x: number; y: number }[] }[];
}

export interface RequestJob {
  kind: "request";
  path: string;
}

export type Job = GraphJob | RequestJob;

export type Message = { number: number; job: Job };
export type Reply =
  { number: number; result: unknown } | { number: number; error: { status: number; message: string } };
