/** The picture of the map: boxes that are buttons, over arrows. */

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { MapEdge, MapNode, ServiceMap } from "../api/types";
import { duration, plural } from "../ui/format";
import { Outside } from "../ui/text";
import { hideTip, showTip, tip } from "../ui/tooltip";
import { NODE, type Places, type Point } from "./arrange";
import { curve } from "./curve";
import { EdgeFacts, NodeFacts, rate } from "./facts";
import { around, edgeKey, lanes } from "./graph";
import { health, width } from "./health";
import { Icon, word } from "./kinds";
import { HealthMark } from "./mark";
import { extent, nearest } from "./places";

interface Properties {
  map: ServiceMap;
  places: Places;
  chosen: string | null;
  /** The nodes that are not faded; `null` for all. */
  lit: ReadonlySet<string> | null;
  onChoose: (node: MapNode) => void;
  onTidy: () => void;
  onHover: (inside: boolean) => void;
}

/** Below the scale `legible`, a map is scrolled instead of made smaller. */
const ZOOMS = { least: 0.25, legible: 0.7, most: 2, step: 1.25 } as const;

export function Picture({ map, places, chosen, lit, onChoose, onTidy, onHover }: Properties) {
  const box = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState({ width: 0, height: 0 });
  const [zoom, setZoom] = useState<number | null>(null);
  const [pointed, setPointed] = useState<string | null>(null);
  const size = useMemo(() => extent(places), [places]);
  const fit = room.width === 0 ? 1 : Math.max(ZOOMS.legible, Math.min(1.15, room.width / size.width, room.height / size.height));
  const scale = zoom ?? fit;
  const near = pointed === null ? lit : around(map, new Set([pointed]));

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setRoom({ width: element.clientWidth, height: element.clientHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const [outer, inner] = [box.current?.getBoundingClientRect(), box.current?.querySelector(".node[aria-pressed=true]")?.getBoundingClientRect()];
    if (outer === undefined || inner === undefined) return;
    // Not `scrollIntoView`, which would scroll the page as well.
    const out = (low: number, high: number, least: number, most: number) => (low < least ? low - least - 12 : high > most ? high - most + 12 : 0);
    box.current?.scrollBy(out(inner.left, inner.right, outer.left, outer.right), out(inner.top, inner.bottom, outer.top, outer.bottom));
  }, [chosen, room.width]);

  // A map that does not fit is seen from its middle at first.
  const centred = useRef(false);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || room.height === 0 || centred.current) return;
    centred.current = true;
    element.scrollTop = (element.scrollHeight - element.clientHeight) / 2;
  }, [room]);

  const zoomBy = (by: number): void => setZoom(Math.max(ZOOMS.least, Math.min(ZOOMS.most, scale * by)));
  const walk = (event: KeyboardEvent, from: string): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = nearest(places, from, event.key);
    if (to === null) return;
    event.preventDefault();
    box.current?.querySelector<HTMLElement>(`[data-node="${CSS.escape(to)}"]`)?.focus();
  };

  return (
    <div class="map-picture">
      <div class="map-box" ref={box} onPointerEnter={() => onHover(true)} onPointerLeave={() => onHover(false)}>
        <div class="map-room" style={{ width: `${Math.max(room.width, size.width * scale)}px`, height: `${Math.max(room.height, size.height * scale)}px` }}>
          <div
            class="map-scene"
            style={{
              width: `${size.width}px`, height: `${size.height}px`,
              transform: `translate(${Math.max(0, (room.width - size.width * scale) / 2)}px, ${Math.max(0, (room.height - size.height * scale) / 2)}px) scale(${scale}) translate(${-size.left}px, ${-size.top}px)`,
            }}
          >
            <Arrows map={map} places={places} size={size} near={near} pointed={pointed ?? chosen} />
            <ul class="map-nodes" aria-label="Nodes of the map">
              {map.nodes.map((node) => {
                const at = places.get(node.node);
                return at === undefined ? null : (
                  <Box
                    key={node.node}
                    node={node}
                    at={at}
                    chosen={node.node === chosen}
                    faded={near !== null && !near.has(node.node)}
                    onChoose={() => onChoose(node)}
                    onPoint={(inside) => setPointed(inside ? node.node : null)}
                    onKeyDown={(event) => walk(event, node.node)}
                  />
                );
              })}
            </ul>
          </div>
        </div>
      </div>
      <div class="map-zoom" role="group" aria-label="Picture">
        <button class="icon" aria-label="Zoom in" onClick={() => zoomBy(ZOOMS.step)}>+</button>
        <button class="icon" aria-label="Zoom out" onClick={() => zoomBy(1 / ZOOMS.step)}>−</button>
        <button onClick={() => setZoom(null)} disabled={zoom === null}>Fit</button>
        <button onClick={onTidy} {...tip("Lay out anew")}>Tidy</button>
      </div>
    </div>
  );
}

function Box({ node, at, chosen, faded, onChoose, onPoint, onKeyDown }: {
  node: MapNode; at: Point; chosen: boolean; faded: boolean;
  onChoose: () => void; onPoint: (inside: boolean) => void; onKeyDown: (event: KeyboardEvent) => void;
}) {
  const state = health(node.calls, node.errors);
  const facts = tip(<NodeFacts node={node} />) as Record<string, (event: never) => void>;
  const words = `: ${plural(node.calls, "call")}, ${plural(node.errors, "error")}, p50 ${duration(node.p50)}`;
  return (
    <li>
      <button
        class={`node node-${state}${faded ? " faded" : ""}`}
        data-node={node.node}
        aria-pressed={chosen}
        style={{ width: `${NODE.width}px`, height: `${NODE.height}px`, transform: `translate(${at.x - NODE.width / 2}px, ${at.y - NODE.height / 2}px)` }}
        {...facts}
        onPointerEnter={(event) => { onPoint(true); facts["onPointerEnter"]?.(event as never); }}
        onPointerLeave={() => { onPoint(false); hideTip(); }}
        onFocus={(event) => { if (event.currentTarget.matches(":focus-visible")) onPoint(true); facts["onFocus"]?.(event as never); }}
        onBlur={() => { onPoint(false); hideTip(); }}
        onClick={onChoose}
        onKeyDown={onKeyDown}
      >
        <Icon kind={node.kind} />
        <span class="node-text">
          <span class="node-name"><span class="sr-only">{word(node.kind)} </span><Outside text={node.name} /></span>
          <span class="node-numbers">
            {node.p99 === null ? <span aria-hidden="true">{word(node.kind)}</span> : `p99 ${duration(node.p99)}`}<span class="sr-only">{words}</span>
          </span>
        </span>
        <HealthMark health={state} errors={node.errors} />
      </button>
    </li>
  );
}

function Arrows({ map, places, size, near, pointed }: {
  map: ServiceMap; places: Places; size: ReturnType<typeof extent>; near: ReadonlySet<string> | null; pointed: string | null;
}) {
  const lane = useMemo(() => lanes(map.edges), [map]);
  const names = useMemo(() => new Map(map.nodes.map(({ node, name }) => [node, name])), [map]);
  const most = map.edges.reduce((high, { calls }) => Math.max(high, calls), 0);
  const drawn = map.edges.flatMap((edge) => {
    const [from, to] = [places.get(edge.from), places.get(edge.to)];
    return from === undefined || to === undefined ? [] : [{ edge, ...curve(from, to, lane.get(edgeKey(edge)) ?? 0) }];
  });
  const faded = ({ from, to }: MapEdge): boolean => pointed !== null && near !== null
    ? from !== pointed && to !== pointed && !(near.has(from) && near.has(to) && !near.has(pointed))
    : near !== null && !(near.has(from) && near.has(to));
  return (
    <svg class="map-arrows" viewBox={`${size.left} ${size.top} ${size.width} ${size.height}`} style={{ left: `${size.left}px`, top: `${size.top}px`, width: `${size.width}px`, height: `${size.height}px` }} aria-hidden="true">
      <defs>
        {(["well", "ailing", "sick"] as const).map((state) => (
          <marker key={state} id={`tip-${state}`} class={`arrow-tip arrow-${state}`} viewBox="0 0 10 10" refX="1" refY="5" markerWidth="11" markerHeight="11" markerUnits="userSpaceOnUse" orient="auto">
            <path d="M0 .5 9.5 5 0 9.5z" />
          </marker>
        ))}
      </defs>
      {drawn.map(({ edge, path, label }) => {
        const state = health(edge.calls, edge.errors, edge.throttled);
        const facts = <EdgeFacts edge={edge} from={names.get(edge.from) ?? edge.from} to={names.get(edge.to) ?? edge.to} minutes={map.minutes} />;
        return (
          <g
            key={edgeKey(edge)}
            class={`arrow arrow-${state} arrow-of-${edge.kind}${faded(edge) ? " faded" : ""}`}
            onPointerEnter={(event) => showTip(facts, event.clientX, event.clientY)}
            onPointerMove={(event) => showTip(facts, event.clientX, event.clientY)}
            onPointerLeave={hideTip}
          >
            <path class="arrow-reach" d={path} />
            <path class="arrow-line" d={path} stroke-width={width(edge.calls, most)} marker-end={`url(#tip-${state})`} />
            {drawn.length <= LABELLED && <text x={label.x} y={label.y - 8}>{rate(edge.calls, map.minutes)}/min</text>}
          </g>
        );
      })}
    </svg>
  );
}

/** Above this many arrows, their rates stand only in tooltips. */
const LABELLED = 40;
