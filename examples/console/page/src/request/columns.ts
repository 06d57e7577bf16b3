/** A request by columns: what 20,000 spans need to be moved between threads, laid out and drawn without a pause. */

import type {
  Request,
  RequestGroup,
  RequestLink,
  RequestSummary,
  RequestTrace,
  RootFacts,
  SpanKind,
} from "../api/types";

export const KINDS: readonly SpanKind[] = ["internal", "server", "client", "producer", "consumer"];

/** Bits of `flags`. */
export const ERROR = 1;
export const UNFINISHED = 2;
export const SKEWED = 4;
export const HAS_ROOT = 8;

/** Spans by columns, in the order of the answer: depth first. Times are relative to `origin`. */
export interface Columns {
  seq: number;
  id: string;
  correlated: boolean;
  origin: number;
  duration: number;
  truncated: number;
  summary: RequestSummary;
  services: string[];
  traces: RequestTrace[];
  count: number;
  /** The rows of the store. */
  span: Float64Array;
  /** The span ids, sixteen characters each, one after another. */
  ids: string;
  /** The parent's place, or -1. */
  parent: Int32Array;
  trace: Int32Array;
  service: Int32Array;
  /** Places in `names`. */
  name: Int32Array;
  names: string[];
  kind: Uint8Array;
  flags: Uint8Array;
  start: Float64Array;
  length: Float64Array;
  events: Int32Array;
  logs: Int32Array;
  /** What few spans have, by place. */
  errors: Map<number, string>;
  peers: Map<number, string>;
  roots: Map<number, RootFacts>;
  skipped: Map<number, string>;
  /** Parents that are not here. */
  missing: Map<number, string>;
  links: RequestLink[];
  groups: RequestGroup[];
  /** The critical path: span, start, length, three numbers a piece. */
  critical: Float64Array;
  /** The spans with an error, in time order. */
  errorOrder: number[];
}

/** Returns the columns of an answer. Places outside of the list are taken for absent. */
export function columns(request: Request): Columns {
  const spans = request.spans;
  const count = spans.length;
  const names = new Map<string, number>();
  const ids: string[] = [];
  const inside = (place: number | null): place is number => place !== null && place >= 0 && place < count;
  const result: Columns = {
    seq: request.seq,
    id: request.id,
    correlated: request.correlated,
    origin: request.origin,
    duration: request.duration,
    truncated: request.truncated,
    summary: request.summary,
    services: request.services,
    traces: request.traces,
    count,
    span: new Float64Array(count),
    ids: "",
    parent: new Int32Array(count),
    trace: new Int32Array(count),
    service: new Int32Array(count),
    name: new Int32Array(count),
    names: [],
    kind: new Uint8Array(count),
    flags: new Uint8Array(count),
    start: new Float64Array(count),
    length: new Float64Array(count),
    events: new Int32Array(count),
    logs: new Int32Array(count),
    errors: new Map(),
    peers: new Map(),
    roots: new Map(),
    skipped: new Map(),
    missing: new Map(),
    links: request.links
      .filter(({ from }) => inside(from))
      .map((link) => (inside(link.to) ? link : { ...link, to: null })),
    groups: request.groups.map((group) => ({ ...group, spans: group.spans.filter(inside) })),
    critical: new Float64Array(request.critical.length * 3),
    errorOrder: request.errors.filter(inside),
  };
  spans.forEach((span, at) => {
    let name = names.get(span.name);
    if (name === undefined) names.set(span.name, (name = names.size));
    ids.push(span.id.padEnd(16).slice(0, 16));
    result.span[at] = span.span;
    // Depth first: a parent is before its children. Anything else would be a cycle.
    result.parent[at] = span.parent !== null && span.parent >= 0 && span.parent < at ? span.parent : -1;
    result.trace[at] = span.trace;
    result.service[at] = span.service;
    result.name[at] = name;
    result.kind[at] = Math.max(0, KINDS.indexOf(span.kind));
    result.flags[at] =
      (span.status === "error" ? ERROR : 0) |
      (span.unfinished ? UNFINISHED : 0) |
      (span.skewed ? SKEWED : 0) |
      (span.root === null ? 0 : HAS_ROOT);
    result.start[at] = span.start;
    result.length[at] = Math.max(0, span.duration);
    result.events[at] = span.events;
    result.logs[at] = span.logs;
    if (span.error !== null) result.errors.set(at, span.error);
    if (span.peer !== null) result.peers.set(at, span.peer);
    if (span.root !== null) result.roots.set(at, span.root);
    if (span.skipped !== null) result.skipped.set(at, span.skipped);
    if (span.parent === null && span.parent_id !== null) result.missing.set(at, span.parent_id);
  });
  request.critical.forEach(({ span, start, duration }, at) => result.critical.set([span, start, duration], at * 3));
  result.names = [...names.keys()];
  result.ids = ids.join("");
  return result;
}

/** Returns what of the columns moves to another thread instead of being copied. */
export function buffers(columns: Columns): Transferable[] {
  return Object.values(columns)
    .filter((column): column is Float64Array | Int32Array | Uint8Array => ArrayBuffer.isView(column))
    .map((column) => column.buffer as ArrayBuffer);
}

export function nameOf(columns: Columns, at: number): string {
  return columns.names[columns.name[at] ?? -1] ?? "";
}

export function serviceOf(columns: Columns, at: number): string {
  return columns.services[columns.service[at] ?? -1] ?? "";
}

export function idOf(columns: Columns, at: number): string {
  return columns.ids.slice(at * 16, at * 16 + 16).trimEnd();
}

/** Returns the place of a row of the store, or -1. */
export function placeOf(columns: Columns, span: number | null): number {
  return span === null ? -1 : columns.span.indexOf(span);
}
