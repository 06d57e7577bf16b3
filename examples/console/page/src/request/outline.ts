/**
 * The outline of a request: its spans as a tree of rows, in which deliveries of one message and attempts of one call are
 * gathered below a row of their own. A node is a span (its place) or a group (the count of spans, plus its number).
 */

import type { RequestGroup } from "../api/types";
import { ERROR, type Columns } from "./columns";

export interface Outline {
  /** Nodes, depth first. What follows is by position in this order. */
  node: Int32Array;
  depth: Int32Array;
  /** One beyond the last position of what is below. */
  end: Int32Array;
  /** The position of the node above, or -1. */
  above: Int32Array;
  /** The spans with an error before a position: differences count them in a subtree. */
  errorsBefore: Int32Array;
  /** The position of a node. */
  position: Int32Array;
  groups: RequestGroup[];
  /** For a span in a group: which of how many it is. */
  turn: Map<number, { group: RequestGroup; at: number }>;
}

const known = new WeakMap<Columns, Outline>();

/**
 * Returns the outline, which is made once for the same columns. Groups whose spans have different parents stay apart, and
 * only number their spans.
 */
export function outline(columns: Columns): Outline {
  let result = known.get(columns);
  if (result === undefined) known.set(columns, (result = make(columns)));
  return result;
}

function make(columns: Columns): Outline {
  const { count, parent, flags } = columns;
  const groups: RequestGroup[] = [];
  const groupOf = new Int32Array(count).fill(-1);
  const turn: Outline["turn"] = new Map();
  for (const group of columns.groups) {
    const spans = [...new Set(group.spans)];
    if (spans.length < 2) continue;
    spans.forEach((span, at) => {
      if (!turn.has(span)) turn.set(span, { group: { ...group, spans }, at });
    });
    const [first = 0] = spans;
    const together = spans.every((span) => parent[span] === parent[first] && groupOf[span] === -1);
    if (!together) continue;
    for (const span of spans) groupOf[span] = groups.length;
    groups.push({ ...group, spans });
  }

  // Children by parent, in order: those of span s are `children[begin[s + 1]]` up to `begin[s + 2]`; roots are those of
  // -1.
  const begin = new Int32Array(count + 2);
  for (let span = 0; span < count; span += 1)
    begin[(parent[span] ?? -1) + 2] = (begin[(parent[span] ?? -1) + 2] ?? 0) + 1;
  for (let at = 1; at < begin.length; at += 1) begin[at] = (begin[at] ?? 0) + (begin[at - 1] ?? 0);
  const children = new Int32Array(count);
  const next = begin.slice();
  for (let span = 0; span < count; span += 1) {
    const above = (parent[span] ?? -1) + 1;
    children[next[above] ?? 0] = span;
    next[above] = (next[above] ?? 0) + 1;
  }

  const total = count + groups.length;
  const result: Outline = {
    node: new Int32Array(total),
    depth: new Int32Array(total),
    end: new Int32Array(total),
    above: new Int32Array(total),
    errorsBefore: new Int32Array(total + 1),
    position: new Int32Array(total).fill(-1),
    groups,
    turn,
  };
  // A stack of nodes yet to be placed, and of positions to be closed (as -1 - position).
  const stack: number[] = [];
  const placedGroups = new Set<number>();
  const pushChildren = (span: number): void => {
    for (let at = (begin[span + 2] ?? 0) - 1; at >= (begin[span + 1] ?? 0); at -= 1) {
      const child = children[at] ?? 0;
      const group = groupOf[child] ?? -1;
      if (group === -1) stack.push(child);
      else if (groups[group]?.spans.every((other) => other >= child) === true && !placedGroups.has(group)) {
        placedGroups.add(group);
        stack.push(count + group);
      }
    }
  };
  pushChildren(-1);
  let position = 0;
  let current = -1;
  while (stack.length > 0) {
    const node = stack.pop() ?? 0;
    if (node < 0) {
      result.end[-1 - node] = position;
      current = result.above[-1 - node] ?? -1;
      continue;
    }
    result.node[position] = node;
    result.position[node] = position;
    result.above[position] = current;
    result.depth[position] = current === -1 ? 0 : (result.depth[current] ?? 0) + 1;
    const failed = node < count && ((flags[node] ?? 0) & ERROR) !== 0;
    result.errorsBefore[position + 1] = (result.errorsBefore[position] ?? 0) + (failed ? 1 : 0);
    stack.push(-1 - position);
    current = position;
    position += 1;
    if (node < count) pushChildren(node);
    else for (const span of [...(groups[node - count]?.spans ?? [])].sort((a, b) => b - a)) stack.push(span);
  }
  return result;
}

/** Returns the positions that are shown: all but what is below a folded node; with a root, only what is at and below it. */
export function shownRows(outline: Outline, folded: (node: number) => boolean, root: number): Int32Array {
  const first = root < 0 ? 0 : (outline.position[root] ?? 0);
  const end = root < 0 ? outline.node.length : (outline.end[first] ?? 0);
  const rows = new Int32Array(end - first);
  let count = 0;
  for (let position = first; position < end;) {
    rows[count] = position;
    count += 1;
    position = folded(outline.node[position] ?? 0) ? (outline.end[position] ?? end) : position + 1;
  }
  return rows.subarray(0, count);
}

/** Returns for each position the row that shows it or what it is folded into; -1 outside of what is shown. */
export function rowsByPosition(outline: Outline, rows: Int32Array): Int32Array {
  const result = new Int32Array(outline.node.length).fill(-1);
  rows.forEach((position, row) => {
    const next = rows[row + 1];
    const end = Math.min(next ?? Number.POSITIVE_INFINITY, outline.end[position] ?? position + 1);
    for (let at = position; at < end; at += 1) result[at] = row;
  });
  return result;
}

/** Returns the nodes above a node, nearest first. */
export function nodesAbove(outline: Outline, node: number): number[] {
  const nodes: number[] = [];
  let position = outline.above[outline.position[node] ?? -1] ?? -1;
  while (position >= 0) {
    nodes.push(outline.node[position] ?? 0);
    position = outline.above[position] ?? -1;
  }
  return nodes;
}
