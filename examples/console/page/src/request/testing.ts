/** Requests for tests. */

import type { Request, RequestSpan } from "../api/types";

/** Returns a request of spans, each with its parent's place, start and duration. */
export function request(
  spans: ({ parent?: number | null; start?: number; duration?: number } & Partial<RequestSpan>)[],
  others: Partial<Request> = {},
): Request {
  const all = spans.map((span, at): RequestSpan => ({
    span: at + 100, id: String(at).padStart(16, "0"), parent: null, parent_id: null, trace: 0, service: 0, name: `span ${at}`,
    kind: "internal", start: 0, duration: 10, status: "unset", depth: 0, descendants: 0, error: null, events: 0, logs: 0,
    unfinished: false, skewed: false, peer: null, root: null, skipped: null, ...span,
  }));
  return {
    seq: 1, id: "r", correlated: true, origin: 0, duration: 100, truncated: 0, services: ["orders"],
    summary: {
      id: "r", correlated: true, start: 0, duration: 100, root: null, services: ["orders"], traces: 1, spans: all.length,
      errors: 0, logs: 0, status: "unset", complete: true, invocations: 0, cold_starts: 0, billed: null, gb_s: null,
      exact: false, queue: null, deliveries: null, failed_records: null, changed: 1,
    },
    traces: [{ trace_id: "0".repeat(32), start: 0, duration: 100, spans: all.length, errors: 0 }],
    spans: all, links: [], groups: [], critical: [], errors: [], ...others,
  };
}
