/** The numbers of a node and of an edge, for tooltips. */

import type { MapEdge, MapNode } from "../api/types";
import { count, duration, percent, plural } from "../ui/format";
import { Outside } from "../ui/text";
import { word } from "./kinds";

export const VERBS: Record<MapEdge["kind"], string> = { call: "calls", send: "sends to", receive: "is received by" };

export function NodeFacts({ node }: { node: MapNode }) {
  return (
    <div class="tip-facts">
      <b>
        <Outside text={node.name} />
      </b>{" "}
      <span class="faint">{word(node.kind)}</span>
      <Numbers calls={node.calls} errors={node.errors} p50={node.p50} p99={node.p99} />
      {node.cold_starts !== null && node.cold_starts > 0 && <div>{plural(node.cold_starts, "cold start")}</div>}
    </div>
  );
}

export function EdgeFacts({ edge, from, to, minutes }: { edge: MapEdge; from: string; to: string; minutes: number }) {
  return (
    <div class="tip-facts">
      <b>
        <Outside text={from} />
      </b>{" "}
      <span class="faint">{VERBS[edge.kind]}</span>{" "}
      <b>
        <Outside text={to} />
      </b>
      <Numbers calls={edge.calls} errors={edge.errors} p50={edge.p50} p99={edge.p99} queue={edge.kind === "receive"} />
      {minutes > 0 && <div>{rate(edge.calls, minutes)} a minute</div>}
      {edge.throttled > 0 && <div class="warning">{count(edge.throttled)} throttled</div>}
    </div>
  );
}

/** Returns calls a minute; some are never none. */
export function rate(calls: number, minutes: number): string {
  if (minutes <= 0) return "–";
  const value = calls / minutes;
  if (value > 0 && value < 0.01) return "< 0.01";
  return value >= 10 ? count(value) : value.toFixed(value >= 1 ? 1 : 2);
}

function Numbers({
  calls,
  errors,
  p50,
  p99,
  queue = false,
}: {
  calls: number;
  errors: number;
  p50: number | null;
  p99: number | null;
  queue?: boolean;
}) {
  return (
    <>
      <div>
        {plural(calls, "call")}
        {errors > 0 ? (
          <span class="failed">
            , {plural(errors, "error")} ({percent(errors / Math.max(1, calls))})
          </span>
        ) : (
          ", no errors"
        )}
      </div>
      {(p50 !== null || p99 !== null) && (
        <div>
          {queue ? "In the queue: " : ""}p50 {duration(p50)}, p99 {duration(p99)}
        </div>
      )}
    </>
  );
}
