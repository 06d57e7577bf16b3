/** The picture of the map: boxes that are buttons, over arrows. */

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { MapNode, ServiceMap } from "../api/types";
import { tip } from "../ui/tooltip";
import type { Places } from "./arrange";
import { Arrows } from "./arrows";
import { around } from "./graph";
import { NodeBox } from "./node-box";
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

/** Below the scale `legible`, a map is scrolled at first instead of made smaller. */
const ZOOMS = { least: 0.2, legible: 0.6, fitting: 1.15, most: 2, step: 1.25 } as const;

export function Picture({ map, places, chosen, lit, onChoose, onTidy, onHover }: Properties) {
  const box = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState({ width: 0, height: 0 });
  const [zoom, setZoom] = useState<number | "fit" | null>(null);
  const [pointed, setPointed] = useState<string | null>(null);
  const size = useMemo(() => extent(places), [places]);
  // The scale at which all nodes are in view.
  const fit =
    room.width === 0
      ? 1
      : Math.max(ZOOMS.least, Math.min(ZOOMS.fitting, room.width / size.width, room.height / size.height));
  const scale = zoom === "fit" ? fit : (zoom ?? Math.max(ZOOMS.legible, fit));
  const near = pointed === null ? lit : around(map, new Set([pointed]));

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setRoom({ width: element.clientWidth, height: element.clientHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const [outer, inner] = [
      box.current?.getBoundingClientRect(),
      box.current?.querySelector(".node[aria-pressed=true]")?.getBoundingClientRect(),
    ];
    if (outer === undefined || inner === undefined) return;
    // Not `scrollIntoView`, which would scroll the page as well.
    const out = (low: number, high: number, least: number, most: number) =>
      low < least ? low - least - 12 : high > most ? high - most + 12 : 0;
    box.current?.scrollBy(
      out(inner.left, inner.right, outer.left, outer.right),
      out(inner.top, inner.bottom, outer.top, outer.bottom),
    );
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
        <div
          class="map-room"
          style={{
            width: `${Math.max(room.width, size.width * scale)}px`,
            height: `${Math.max(room.height, size.height * scale)}px`,
          }}
        >
          <div
            class="map-scene"
            style={{
              width: `${size.width}px`,
              height: `${size.height}px`,
              transform: `translate(${Math.max(0, (room.width - size.width * scale) / 2)}px, ${Math.max(0, (room.height - size.height * scale) / 2)}px) scale(${scale}) translate(${-size.left}px, ${-size.top}px)`,
            }}
          >
            <Arrows map={map} places={places} size={size} near={near} pointed={pointed ?? chosen} />
            <ul class="map-nodes" aria-label="Nodes of the map">
              {map.nodes.map((node) => {
                const at = places.get(node.node);
                return at === undefined ? null : (
                  <NodeBox
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
        <button class="icon" aria-label="Zoom in" onClick={() => zoomBy(ZOOMS.step)}>
          +
        </button>
        <button class="icon" aria-label="Zoom out" onClick={() => zoomBy(1 / ZOOMS.step)}>
          −
        </button>
        <button onClick={() => setZoom("fit")} disabled={scale === fit}>
          Fit
        </button>
        <button onClick={onTidy} {...tip("Lay out anew")}>
          Tidy
        </button>
      </div>
    </div>
  );
}
