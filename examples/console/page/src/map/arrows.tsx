/** The arrows of the map: wider for more calls, dashed for messages. */

import { useMemo } from "preact/hooks";
import type { MapEdge, ServiceMap } from "../api/types";
import { hideTip, showTip } from "../ui/tooltip";
import type { Places } from "./arrange";
import { curve } from "./curve";
import { EdgeFacts, rate } from "./facts";
import { edgeKey, lanes } from "./graph";
import { health, width } from "./health";
import type { extent } from "./places";

/** Above this many arrows, their rates stand only in tooltips. */
const LABELLED = 40;

export function Arrows({
  map,
  places,
  size,
  near,
  pointed,
}: {
  map: ServiceMap;
  places: Places;
  size: ReturnType<typeof extent>;
  near: ReadonlySet<string> | null;
  pointed: string | null;
}) {
  const lane = useMemo(() => lanes(map.edges), [map]);
  const names = useMemo(() => new Map(map.nodes.map(({ node, name }) => [node, name])), [map]);
  const most = map.edges.reduce((high, { calls }) => Math.max(high, calls), 0);
  const drawn = map.edges.flatMap((edge) => {
    const [from, to] = [places.get(edge.from), places.get(edge.to)];
    return from === undefined || to === undefined ? [] : [{ edge, ...curve(from, to, lane.get(edgeKey(edge)) ?? 0) }];
  });
  const faded = ({ from, to }: MapEdge): boolean =>
    pointed !== null && near !== null
      ? from !== pointed && to !== pointed && !(near.has(from) && near.has(to) && !near.has(pointed))
      : near !== null && !(near.has(from) && near.has(to));
  return (
    <svg
      class="map-arrows"
      viewBox={`${size.left} ${size.top} ${size.width} ${size.height}`}
      style={{ left: `${size.left}px`, top: `${size.top}px`, width: `${size.width}px`, height: `${size.height}px` }}
      aria-hidden="true"
    >
      <defs>
        {(["well", "ailing", "sick"] as const).map((state) => (
          <marker
            key={state}
            id={`tip-${state}`}
            class={`arrow-tip arrow-${state}`}
            viewBox="0 0 10 10"
            refX="1"
            refY="5"
            markerWidth="11"
            markerHeight="11"
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path d="M0 .5 9.5 5 0 9.5z" />
          </marker>
        ))}
      </defs>
      {drawn.map(({ edge, path, label }) => {
        const state = health(edge.calls, edge.errors, edge.throttled);
        const facts = (
          <EdgeFacts
            edge={edge}
            from={names.get(edge.from) ?? edge.from}
            to={names.get(edge.to) ?? edge.to}
            minutes={map.minutes}
          />
        );
        return (
          <g
            key={edgeKey(edge)}
            class={`arrow arrow-${state} arrow-of-${edge.kind}${faded(edge) ? " faded" : ""}`}
            onPointerEnter={(event) => showTip(facts, event.clientX, event.clientY)}
            onPointerMove={(event) => showTip(facts, event.clientX, event.clientY)}
            onPointerLeave={hideTip}
          >
            <path class="arrow-reach" d={path} />
            <path
              class="arrow-line"
              d={path}
              stroke-width={width(edge.calls, most)}
              marker-end={`url(#tip-${state})`}
            />
            {drawn.length <= LABELLED && (
              <text x={label.x} y={label.y - 8}>
                {rate(edge.calls, map.minutes)}/min
              </text>
            )}
          </g>
        );
      })}
    </svg>
  );
}
