/** The heat map as a table. */

import { useMemo, useState } from "preact/hooks";
import type { Heatmap } from "../api/types";
import { count, duration, time } from "../ui/format";
import { type Sort, Table } from "../ui/table";
import { type Selection, drag } from "./selection";

type Row = Heatmap["cells"][number];

const KEYS: Record<string, (row: Row) => number> = {
  time: (row) => row[0],
  duration: (row) => row[1],
  spans: (row) => row[2],
  errors: (row) => row[3],
};

export function CellTable({ map, onSelect }: { map: Heatmap; onSelect: (selection: Selection) => void }) {
  const [open, setOpen] = useState(false);
  return (
    <details class="beside" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Cells as a table</summary>
      {open && <Cells map={map} onSelect={onSelect} />}
    </details>
  );
}

function Cells({ map, onSelect }: { map: Heatmap; onSelect: (selection: Selection) => void }) {
  const [sort, setSort] = useState<Sort>({ key: "duration", order: "desc" });
  const rows = useMemo(() => {
    const key = KEYS[sort.key] ?? ((row: Row) => row[1]);
    const sign = sort.order === "asc" ? 1 : -1;
    return [...map.cells].sort((a, b) => (key(a) - key(b)) * sign || a[0] - b[0]);
  }, [map, sort]);
  return (
    <div class="beside-table">
      <Table
        label="Cells of the heat map"
        rows={rows}
        rowKey={([column, row]) => `${column} ${row}`}
        sort={sort}
        onSort={setSort}
        onOpen={([column, row]) => onSelect(drag(map, "plot", { column, row }, { column, row }))}
        columns={[
          {
            key: "time",
            title: "Time",
            width: "minmax(8rem, 2fr)",
            sort: "asc",
            cell: ([column]) => time(map.from + column * map.step, "s"),
          },
          {
            key: "duration",
            title: "Duration",
            width: "minmax(10rem, 2fr)",
            sort: "desc",
            cell: ([, row]) => `${duration(map.bounds[row])} to ${duration(map.bounds[row + 1])}`,
          },
          {
            key: "spans",
            title: "Spans",
            width: "minmax(4rem, 1fr)",
            align: "end",
            sort: "desc",
            cell: (row) => count(row[2]),
          },
          {
            key: "errors",
            title: "Errors",
            width: "minmax(4rem, 1fr)",
            align: "end",
            sort: "desc",
            cell: (row) => count(row[3]),
          },
        ]}
      />
    </div>
  );
}
