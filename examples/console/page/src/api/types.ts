/** The shapes of the API's answers. `API.md` is the contract; a type here has its name from the route. */

/** Microseconds since 1970. */
export type Time = number;
/** Microseconds, with a fraction. */
export type Duration = number;
/** A sequence number of the store. */
export type Seq = number;
/** The number of a span's row in the store. */
export type SpanRow = number;

export type SpanStatus = "unset" | "ok" | "error";
export type SpanKind = "internal" | "server" | "client" | "producer" | "consumer";
export type Severity = "trace" | "debug" | "info" | "warn" | "error";

export interface Status {
  seq: Seq;
  version: string;
  ingest: string[];
  xray: string | null;
  kept: boolean;
  spans: number;
  logs: number;
  points: number;
  requests: number;
  invocations: number;
  from: Time | null;
  to: Time | null;
  bytes: number;
  limit_bytes: number;
  evicted_requests: number;
  rejected: { spans: number; logs: number; points: number; lines: number; requests: number };
}

export interface RequestSummary {
  id: string;
  correlated: boolean;
  /** `null` where only log lines came in. */
  start: Time | null;
  duration: Duration | null;
  root: { service: string; name: string } | null;
  services: string[];
  traces: number;
  spans: number;
  errors: number;
  logs: number;
  status: SpanStatus;
  complete: boolean;
  invocations: number;
  cold_starts: number;
  billed: Duration | null;
  gb_s: number | null;
  exact: boolean;
  queue: Duration | null;
  deliveries: number | null;
  failed_records: number | null;
  changed: Seq;
}

export interface Requests {
  seq: Seq;
  total: number;
  requests: RequestSummary[];
}

/** What a span that began a scope of work knows of its beginning. */
export interface RootFacts {
  parent_source: string | null;
  queue: Duration | null;
  delivery: number | null;
  cold_start: boolean | null;
  request_id: string | null;
  trigger: string | null;
  correlation: string | null;
  batch: number | null;
  failures: number | null;
}

export interface RequestSpan {
  span: SpanRow;
  id: string;
  parent: number | null;
  parent_id: string | null;
  trace: number;
  service: number;
  name: string;
  kind: SpanKind;
  start: Duration;
  duration: Duration;
  status: SpanStatus;
  depth: number;
  descendants: number;
  error: string | null;
  events: number;
  logs: number;
  unfinished: boolean;
  skewed: boolean;
  peer: string | null;
  root: RootFacts | null;
  skipped: string | null;
}

export interface RequestTrace {
  trace_id: string;
  start: Duration;
  duration: Duration;
  spans: number;
  errors: number;
}

export interface RequestLink {
  from: number;
  to: number | null;
  trace_id: string;
  span_id: string;
}

export interface RequestGroup {
  kind: "deliveries" | "attempts";
  key: string;
  spans: number[];
}

export interface CriticalPiece {
  span: number;
  start: Duration;
  duration: Duration;
}

export interface Request {
  seq: Seq;
  id: string;
  correlated: boolean;
  origin: Time;
  duration: Duration;
  truncated: number;
  summary: RequestSummary;
  services: string[];
  traces: RequestTrace[];
  spans: RequestSpan[];
  links: RequestLink[];
  groups: RequestGroup[];
  critical: CriticalPiece[];
  errors: number[];
}

export interface Attribute {
  key: string;
  type: "string" | "bool" | "int" | "double" | "bytes" | "array" | "map";
  value: unknown;
  /** The bytes of the whole value, where it is cut. */
  cut?: number;
}

export interface Span {
  span: SpanRow;
  request: string;
  trace_id: string;
  span_id: string;
  parent_id: string | null;
  trace_state: string | null;
  name: string;
  kind: SpanKind;
  service: string;
  start: Time;
  duration: Duration;
  status: SpanStatus;
  status_message: string | null;
  flags: number | null;
  attributes: Attribute[];
  resource: Attribute[];
  scope: { name: string | null; version: string | null } | null;
  events: { time: Time; name: string; attributes: Attribute[] }[];
  links: { trace_id: string; span_id: string; span: SpanRow | null; request: string | null; attributes: Attribute[] }[];
  dropped: { attributes: number; events: number; links: number };
  bytes: number;
}

export interface SpanEvent {
  event: string | null;
  command: string | null;
}

export interface Log {
  log: number;
  time: Time;
  span: SpanRow | null;
  severity: Severity | null;
  service: string | null;
  body: string;
  attributes: Attribute[];
  /** Its request; only in the answer of `/logs`. */
  request?: string | null;
}

export interface Logs {
  seq: Seq;
  total: number;
  logs: Log[];
}

export interface InvocationMetrics {
  seq: Seq;
  of: SpanRow;
  usage: { key: string; value: number; unit: string | null }[];
  points: {
    name: string;
    unit: string | null;
    type: string;
    time: Time;
    value: number | null;
    count: number | null;
    min: number | null;
    max: number | null;
    attributes: Attribute[];
  }[];
  report: {
    duration: Duration | null;
    billed: Duration | null;
    memory_size: number | null;
    memory_used: number | null;
    init: Duration | null;
    status: string | null;
  } | null;
}

export interface Operation {
  operation: number;
  service: string;
  name: string;
  kind: SpanKind;
  root: boolean;
  count: number;
  errors: number;
  time: Duration;
  p50: Duration | null;
  p95: Duration | null;
  p99: Duration | null;
}

export interface Operations {
  seq: Seq;
  total: number;
  operations: Operation[];
}

export interface Heatmap {
  seq: Seq;
  from: Time;
  to: Time;
  step: Duration;
  columns: number;
  bounds: Duration[];
  cells: [column: number, row: number, spans: number, errors: number][];
  total: number;
  errors: number;
  source: "rollup" | "spans";
}

export interface Sides {
  inside: number;
  outside: number;
}

export interface Compare {
  seq: Seq;
  inside: number;
  outside: number;
  sampled: boolean;
  attributes: {
    key: string;
    score: number;
    values: ({ value: string } & Sides)[];
    others: Sides;
    absent: Sides;
  }[];
  examples: { request: string; span: SpanRow; start: Time; duration: Duration; status: SpanStatus }[];
}

export type NodeKind =
  | "function"
  | "service"
  | "queue"
  | "topic"
  | "stream"
  | "bus"
  | "table"
  | "database"
  | "bucket"
  | "workflow"
  | "aws"
  | "host"
  | "client";

export interface MapNode {
  node: string;
  kind: NodeKind;
  name: string;
  calls: number;
  errors: number;
  p50: Duration | null;
  p99: Duration | null;
  cold_starts: number | null;
}

export interface MapEdge {
  from: string;
  to: string;
  kind: "call" | "send" | "receive";
  calls: number;
  errors: number;
  throttled: number;
  p50: Duration | null;
  p99: Duration | null;
  time: Duration;
  example: { request: string; span: SpanRow } | null;
}

export interface ServiceMap {
  seq: Seq;
  from: Time | null;
  to: Time | null;
  minutes: number;
  total_edges: number;
  nodes: MapNode[];
  edges: MapEdge[];
}

export interface CostSum {
  invocations: number;
  exact: number;
  billed: Duration;
  gb_s: number;
  gb_s_arm64: number;
  duration: Duration;
  waiting: Duration;
  cost: number | null;
  waiting_on: { node: string; time: Duration; share: number }[];
}

export interface Cost {
  seq: Seq;
  by: "function" | "request" | "tenant" | "route";
  total: number;
  rows: ({ key: string | null } & CostSum)[];
  sum: CostSum;
}

export interface Invocation {
  request_id: string | null;
  service: string;
  request: string | null;
  span: SpanRow | null;
  start: Time;
  duration: Duration | null;
  billed: Duration | null;
  exact: boolean;
  gb_s: number | null;
  memory_size: number | null;
  memory_used: number | null;
  cold_start: boolean | null;
  init: Duration | null;
  status: "ok" | "error" | "timeout";
  error: string | null;
  trigger: string | null;
  queue: Duration | null;
  deadline_used: number | null;
  arch: string | null;
  version: string | null;
  instance: string | null;
}

export interface InvokedFunction {
  service: string;
  invocations: number;
  errors: number;
  timeouts: number;
  cold_starts: number;
  p50: Duration | null;
  p99: Duration | null;
  memory_size: number | null;
  memory_peak: number | null;
  queue_p99: Duration | null;
}

export interface Invocations {
  seq: Seq;
  total: number;
  invocations: Invocation[];
  functions: InvokedFunction[];
}

export interface Instruments {
  seq: Seq;
  metrics: { name: string; unit: string | null; type: string; services: string[]; points: number }[];
}

export interface Series {
  seq: Seq;
  name: string;
  unit: string | null;
  type: string;
  from: Time;
  to: Time;
  step: Duration;
  series: { service: string; values: [column: number, sum: number, min: number, max: number][] }[];
}

export interface AttributeKeys {
  seq: Seq;
  keys: { key: string; of: "span" | "resource" }[];
}

export interface AttributeValues {
  seq: Seq;
  key: string;
  values: { value: string; spans: number }[];
}

/** The data of a `batch` among the server-sent events. */
export interface Batch {
  seq: Seq;
  spans: number;
  logs: number;
  points: number;
  requests: string[];
  more?: boolean;
  invocations: number;
  evicted: number;
}
