/** Map: what talks to what, and how sick is it? */

import { useMemo, useState } from "preact/hooks";
import { apiPath } from "../api/client";
import type { MapNode, ServiceMap } from "../api/types";
import { always, useAsk } from "../api/use-ask";
import { filterParameters } from "../filters";
import { route, setParameters } from "../router";
import { Empty } from "../shell/empty";
import { FilterBar } from "../shell/filter-bar";
import { plural } from "../ui/format";
import { useFrozen } from "../ui/frozen";
import { useKeys } from "../ui/keys";
import { Loading, Nothing, Problem } from "../ui/states";
import { MOST_NODES, around, plan, pointedOut, serviceOf } from "./graph";
import { Icon } from "./kinds";
import { NodePanel } from "./node-panel";
import { Picture } from "./picture";
import { EdgeTable, NodeTable } from "./tables";
import { usePlaces } from "./use-places";

export function MapScreen() {
  const [pointed, setPointed] = useState(false);
  const query = route.value.parameters;
  const { from, to, service } = filterParameters.value;
  const services = query.getAll("service");
  const everything = useAsk<ServiceMap>(apiPath(["map"], { from, to, limit: MOST_EDGES }), {
    live: always,
    pause: 2000,
  });
  // What a picture cannot hold is asked for again with the filter; what it can hold is faded, so that nothing moves.
  const large =
    everything.data !== null &&
    (everything.data.nodes.length > MOST_NODES || everything.data.total_edges > everything.data.edges.length);
  const part = useAsk<ServiceMap>(
    large && services.length > 0 ? apiPath(["map"], { from, to, service: services, limit: MOST_EDGES }) : null,
    { live: always, pause: 2000 },
  );
  const map = useFrozen(large && services.length > 0 ? part.data : everything.data, pointed, query.toString());
  const shape = useMemo(() => (map === null || map.nodes.length > MOST_NODES ? null : plan(map)), [map]);
  const { places, tidy } = usePlaces(shape);
  const chosen = query.get("node");
  const node = map?.nodes.find((each) => each.node === chosen) ?? null;
  void service;

  const choose = ({ node: id, ...rest }: MapNode): void => {
    const own = serviceOf({ node: id, ...rest });
    const before = node === null ? null : serviceOf(node);
    const others = services.filter((name) => name !== before);
    setParameters(
      id === chosen ? { node: null, service: others } : { node: id, service: own === null ? others : [own] },
      true,
    );
  };
  const close = (): void => {
    const own = node === null ? null : serviceOf(node);
    setParameters({ node: null, service: services.filter((name) => name !== own) }, true);
  };
  useKeys("Map", [
    {
      keys: ["m"],
      does: "To the map: arrows walk, Enter chooses, Esc lets go",
      run: () =>
        (
          document.querySelector<HTMLElement>(".node[aria-pressed=true]") ??
          document.querySelector<HTMLElement>(".node")
        )?.focus(),
    },
    {
      keys: ["Escape"],
      does: "Let go of the node",
      run: () => {
        if (chosen !== null) close();
      },
    },
  ]);

  return (
    <>
      <header class="screen-head">
        <h1 class="sr-only">Map</h1>
        <FilterBar without={NOT_HERE} />
      </header>
      <Problem error={everything.error ?? part.error} />
      {map === null || (map.nodes.length === 0 && everything.stale) ? (
        everything.error === null && part.error === null && <Loading />
      ) : map.nodes.length === 0 ? (
        <Empty what="calls">
          <Nothing title="Nothing ran in this time">
            <p>Choose a longer time, or remove a filter.</p>
          </Nothing>
        </Empty>
      ) : (
        <div class={node === null ? "map" : "map map-open"}>
          <div class="map-main">
            <section class="panel map-panel" aria-label="Map">
              <div class="map-title">
                <h2>
                  {plural(map.nodes.length, "node")}, {plural(map.edges.length, "connection")}
                </h2>
                {map.total_edges > map.edges.length && (
                  <span class="soft">the busiest of {map.total_edges}: filter by a service to see its others</span>
                )}
                <span class="spring" />
                <Signs />
              </div>
              {shape === null ? (
                <p class="soft map-note">
                  More than {MOST_NODES} nodes are easier to read as a list. Filter by a service to draw its part.
                </p>
              ) : places === null ? (
                <Loading what="Drawing" />
              ) : (
                <Picture
                  map={map}
                  places={places}
                  chosen={chosen}
                  lit={around(map, pointedOut(map, chosen, services))}
                  onChoose={choose}
                  onTidy={tidy}
                  onHover={setPointed}
                />
              )}
            </section>
            <EdgeTable map={map} open={shape === null} />
            <NodeTable map={map} open={shape === null} onChoose={choose} />
          </div>
          {node !== null && <NodePanel map={map} node={node} from={from} to={to} onClose={close} onChoose={choose} />}
        </div>
      )}
    </>
  );
}

/** What shapes and colours mean. */
function Signs() {
  return (
    <span class="map-signs">
      <span>
        <Icon kind="function" size={16} />
        runs code
      </span>
      <span>
        <Icon kind="queue" size={16} />
        carries messages
      </span>
      <span>
        <Icon kind="table" size={16} />
        stores
      </span>
      <span>
        <Icon kind="host" size={16} />
        elsewhere
      </span>
      <span>
        <i class="sign-line" />
        call
      </span>
      <span>
        <i class="sign-line sign-message" />
        message
      </span>
    </span>
  );
}

const MOST_EDGES = 1000;
const NOT_HERE = ["q", "name", "kind", "status", "min", "max", "where"] as const;
