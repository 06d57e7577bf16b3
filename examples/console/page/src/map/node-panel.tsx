/** The panel beside the map: all about the chosen node. */

import { apiPath, type Parameter } from "../api/client";
import type { MapEdge, MapNode, Operations, ServiceMap } from "../api/types";
import { useAsk } from "../api/use-ask";
import { keptFilters } from "../filters";
import { href } from "../router";
import { follow } from "../shell/navigation";
import { count, duration, plural } from "../ui/format";
import { Outside } from "../ui/text";
import { rate } from "./facts";
import { edgeKey, serviceOf } from "./graph";
import { Icon, word } from "./kinds";
import { Failed } from "./tables";

interface Properties {
  map: ServiceMap;
  node: MapNode;
  from: Parameter;
  to: Parameter;
  onClose: () => void;
  onChoose: (node: MapNode) => void;
}

export function NodePanel({ map, node, from, to, onClose, onChoose }: Properties) {
  const service = serviceOf(node);
  const incoming = map.edges.filter((edge) => edge.to === node.node);
  const outgoing = map.edges.filter((edge) => edge.from === node.node);
  const example = [...incoming, ...outgoing].find((edge) => edge.example !== null)?.example ?? null;
  return (
    <aside class="panel node-panel" aria-label={`${word(node.kind)} ${node.name}`.slice(0, 200)}>
      <div class="node-panel-head">
        <Icon kind={node.kind} />
        <div>
          <h2>
            <Outside text={node.name} />
          </h2>
          <span class="faint">{word(node.kind)}</span>
        </div>
        <span class="spring" />
        <button class="quiet icon" aria-label="Close" onClick={onClose}>
          ×
        </button>
      </div>
      <dl class="node-numbers-list">
        <div>
          <dt>Calls</dt>
          <dd>{count(node.calls)}</dd>
        </div>
        <div>
          <dt>Errors</dt>
          <dd>
            <Failed errors={node.errors} of={node.calls} />
          </dd>
        </div>
        <div>
          <dt>p50</dt>
          <dd>{duration(node.p50)}</dd>
        </div>
        <div>
          <dt>p99</dt>
          <dd>{duration(node.p99)}</dd>
        </div>
        {node.kind === "function" && (
          <div>
            <dt>Cold starts</dt>
            <dd>{count(node.cold_starts)}</dd>
          </div>
        )}
      </dl>
      <p class="node-links">
        {example !== null && (
          <a class="button" href={href("request", example.request, { span: example.span })} onClick={follow}>
            Example request
          </a>
        )}
        {service !== null && (
          <a class="button" href={href("requests", null, { ...keptFilters(), service: [service] })} onClick={follow}>
            Its requests
          </a>
        )}
        {service !== null && node.errors > 0 && (
          <a
            class="button"
            href={href("requests", null, { ...keptFilters(), service: [service], status: "error" })}
            onClick={follow}
          >
            Those with errors
          </a>
        )}
      </p>
      <Edges title="Called by" edges={incoming} end="from" {...{ map, onChoose }} />
      <Edges title="Calls" edges={outgoing} end="to" {...{ map, onChoose }} />
      {service !== null && <ServiceOperations key={service} {...{ service, from, to }} />}
    </aside>
  );
}

function Edges({
  title,
  edges,
  end,
  map,
  onChoose,
}: {
  title: string;
  edges: MapEdge[];
  end: "from" | "to";
  map: ServiceMap;
  onChoose: (node: MapNode) => void;
}) {
  if (edges.length === 0) return null;
  return (
    <section>
      <h3>{title}</h3>
      <ul class="node-edges">
        {[...edges]
          .sort((a, b) => b.calls - a.calls)
          .map((edge) => {
            const other = map.nodes.find(({ node }) => node === edge[end]);
            return (
              <li key={edgeKey(edge)}>
                <span class="map-end">
                  {other !== undefined && <Icon kind={other.kind} size={18} />}
                  {other === undefined ? (
                    <Outside text={edge[end]} />
                  ) : (
                    <button class="link" onClick={() => onChoose(other)}>
                      <Outside text={other.name} />
                    </button>
                  )}
                </span>
                <span class="soft">{rate(edge.calls, map.minutes)}/min</span>
                <span class="node-edge-more faint">
                  {plural(edge.calls, edge.kind === "call" ? "call" : "message")}
                  {edge.errors > 0 && (
                    <>
                      , <span class="failed">{plural(edge.errors, "error")}</span>
                    </>
                  )}
                  {edge.throttled > 0 && (
                    <>
                      , <span class="warning">{count(edge.throttled)} throttled</span>
                    </>
                  )}
                  {edge.p99 !== null && (
                    <>
                      , {edge.kind === "receive" ? "in the queue " : ""}p50 {duration(edge.p50)}, p99{" "}
                      {duration(edge.p99)}
                    </>
                  )}
                  {edge.example !== null && (
                    <>
                      {" "}
                      ·{" "}
                      <a href={href("request", edge.example.request, { span: edge.example.span })} onClick={follow}>
                        example
                      </a>
                    </>
                  )}
                </span>
              </li>
            );
          })}
      </ul>
    </section>
  );
}

function ServiceOperations({ service, from, to }: { service: string; from: Parameter; to: Parameter }) {
  const { data } = useAsk<Operations>(apiPath(["operations"], { service, from, to, limit: 12 }));
  if (data === null || data.operations.length === 0) return null;
  return (
    <section>
      <h3>Operations</h3>
      <ul class="node-edges">
        {data.operations.map(({ operation, name, kind, count: calls, errors, p50, p99 }) => (
          <li key={operation}>
            <a class="map-end" href={href("slow", null, { ...keptFilters(), operation })} onClick={follow}>
              <Outside text={name} />
            </a>
            <span class="soft">{count(calls)}</span>
            <span class="node-edge-more faint">
              {kind}, p50 {duration(p50)}, p99 {duration(p99)}
              {errors > 0 && (
                <>
                  , <span class="failed">{plural(errors, "error")}</span>
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
      {data.total > data.operations.length && (
        <a href={href("slow", null, { ...keptFilters(), service: [service] })} onClick={follow}>
          All {count(data.total)}
        </a>
      )}
    </section>
  );
}
