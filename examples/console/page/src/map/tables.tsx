/** The map as tables: its connections and its nodes. */

import { useMemo, useState } from "preact/hooks";
import type { MapEdge, MapNode, ServiceMap } from "../api/types";
import { href } from "../router";
import { follow } from "../shell/navigation";
import { count, duration, percent } from "../ui/format";
import { type Column, type Sort, Table } from "../ui/table";
import { Outside } from "../ui/text";
import { VERBS, rate } from "./facts";
import { edgeKey } from "./graph";
import { Icon, word } from "./kinds";

type Key<Row> = (row: Row) => number | string | null;

/** Sorts rows by one of several keys; what has no value comes last. */
export function sorted<Row>(rows: readonly Row[], keys: Record<string, Key<Row>>, sort: Sort): Row[] {
  const key = keys[sort.key];
  if (key === undefined) return [...rows];
  const sign = sort.order === "asc" ? 1 : -1;
  return [...rows].sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
    return x < y ? -sign : x > y ? sign : 0;
  });
}

const ROW = 32;
const TALLEST = 420;

function height(rows: number): { height: string } {
  return { height: `${Math.min(TALLEST, (rows + 1) * ROW + 4)}px` };
}

export function EdgeTable({ map, open: first }: { map: ServiceMap; open: boolean }) {
  const [open, setOpen] = useState(first);
  return (
    <details class="panel map-table" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <h2>Connections as a table</h2>
      </summary>
      {open && <Edges map={map} />}
    </details>
  );
}

function Edges({ map }: { map: ServiceMap }) {
  const [sort, setSort] = useState<Sort>({ key: "calls", order: "desc" });
  const nodes = useMemo(() => new Map(map.nodes.map((node) => [node.node, node])), [map]);
  const name = (id: string): string => nodes.get(id)?.name ?? id;
  const keys: Record<string, Key<MapEdge>> = {
    from: ({ from }) => name(from),
    to: ({ to }) => name(to),
    calls: ({ calls }) => calls,
    errors: ({ errors }) => errors,
    throttled: ({ throttled }) => throttled,
    p50: ({ p50 }) => p50,
    p99: ({ p99 }) => p99,
    time: ({ time }) => time,
  };
  const rows = useMemo(() => sorted(map.edges, keys, sort), [map, sort]);
  const end = (id: string) => {
    const node = nodes.get(id);
    return (
      <span class="map-end">
        {node !== undefined && <Icon kind={node.kind} size={18} />}
        <Outside text={name(id)} />
      </span>
    );
  };
  return (
    <div class="map-rows" style={height(rows.length)}>
      <Table
        label="Connections of the map"
        rows={rows}
        rowKey={edgeKey}
        sort={sort}
        onSort={setSort}
        columns={[
          { key: "from", title: "From", width: "minmax(8rem, 2fr)", sort: "asc", cell: (edge) => end(edge.from) },
          {
            key: "kind",
            title: "How",
            width: "6.5rem",
            from: 620,
            cell: (edge) => <span class="faint">{VERBS[edge.kind]}</span>,
          },
          { key: "to", title: "To", width: "minmax(8rem, 2fr)", sort: "asc", cell: (edge) => end(edge.to) },
          ...number("calls", "Calls", (edge: MapEdge) => count(edge.calls)),
          {
            key: "rate",
            title: "A minute",
            width: "4.5rem",
            align: "end",
            from: 760,
            cell: (edge) => rate(edge.calls, map.minutes),
          },
          ...number("errors", "Errors", (edge: MapEdge) => <Failed errors={edge.errors} of={edge.calls} />),
          ...number(
            "throttled",
            "Throttled",
            (edge: MapEdge) =>
              edge.throttled > 0 ? <span class="warning">{count(edge.throttled)}</span> : <span class="faint">0</span>,
            700,
          ),
          ...number("p50", "p50", (edge: MapEdge) => duration(edge.p50), 680),
          ...number("p99", "p99", (edge: MapEdge) => duration(edge.p99)),
          ...number("time", "In all", (edge: MapEdge) => duration(edge.time), 860),
          {
            key: "example",
            title: "Example",
            width: "minmax(5rem, 1fr)",
            from: 900,
            cell: ({ example }) =>
              example === null ? null : (
                <a href={href("request", example.request, { span: example.span })} onClick={follow}>
                  <Outside text={example.request} />
                </a>
              ),
          },
        ]}
      />
    </div>
  );
}

export function NodeTable({
  map,
  open: first,
  onChoose,
}: {
  map: ServiceMap;
  open: boolean;
  onChoose: (node: MapNode) => void;
}) {
  const [open, setOpen] = useState(first);
  return (
    <details class="panel map-table" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <h2>Nodes as a table</h2>
      </summary>
      {open && <Nodes map={map} onChoose={onChoose} />}
    </details>
  );
}

function Nodes({ map, onChoose }: { map: ServiceMap; onChoose: (node: MapNode) => void }) {
  const [sort, setSort] = useState<Sort>({ key: "calls", order: "desc" });
  const keys: Record<string, Key<MapNode>> = {
    name: ({ name }) => name,
    kind: ({ kind }) => word(kind),
    calls: ({ calls }) => calls,
    errors: ({ errors }) => errors,
    p50: ({ p50 }) => p50,
    p99: ({ p99 }) => p99,
    cold: ({ cold_starts }) => cold_starts,
  };
  const rows = useMemo(() => sorted(map.nodes, keys, sort), [map, sort]);
  return (
    <div class="map-rows" style={height(rows.length)}>
      <Table
        label="Nodes of the map"
        rows={rows}
        rowKey={({ node }) => node}
        sort={sort}
        onSort={setSort}
        onOpen={onChoose}
        columns={[
          {
            key: "name",
            title: "Node",
            width: "minmax(8rem, 3fr)",
            sort: "asc",
            cell: (node) => (
              <span class="map-end">
                <Icon kind={node.kind} size={18} />
                <button class="link" onClick={() => onChoose(node)}>
                  <Outside text={node.name} />
                </button>
              </span>
            ),
          },
          {
            key: "kind",
            title: "Kind",
            width: "7rem",
            sort: "asc",
            from: 640,
            cell: ({ kind }) => <span class="soft">{word(kind)}</span>,
          },
          ...number("calls", "Calls", (node: MapNode) => count(node.calls)),
          ...number("errors", "Errors", (node: MapNode) => <Failed errors={node.errors} of={node.calls} />),
          ...number("cold", "Cold starts", (node: MapNode) => count(node.cold_starts), 640),
          ...number("p50", "p50", (node: MapNode) => duration(node.p50), 540),
          ...number("p99", "p99", (node: MapNode) => duration(node.p99)),
        ]}
      />
    </div>
  );
}

function number<Row>(key: string, title: string, cell: Column<Row>["cell"], from?: number): Column<Row>[] {
  return [
    {
      key,
      title,
      width: "minmax(4rem, 1fr)",
      align: "end",
      sort: "desc",
      cell,
      ...(from === undefined ? {} : { from }),
    },
  ];
}

export function Failed({ errors, of }: { errors: number; of: number }) {
  if (errors === 0) return <span class="faint">0</span>;
  return (
    <span class="failed">
      {count(errors)} <span class="faint">{percent(errors / Math.max(1, of))}</span>
    </span>
  );
}
