/** The functions, summed up. */

import { useMemo, useState } from "preact/hooks";
import type { InvokedFunction } from "../api/types";
import { adding } from "../filters";
import { route, setParameters } from "../router";
import { bytes, count, duration, percent } from "../ui/format";
import { Service } from "../ui/marks";
import { type Sort, Table } from "../ui/table";
import { Meter } from "./meter";

export function Functions({ functions }: { functions: InvokedFunction[] }) {
  const [sort, setSort] = useState<Sort>({ key: "invocations", order: "desc" });
  const rows = useMemo(() => {
    const key = sort.key as keyof InvokedFunction;
    const sign = sort.order === "asc" ? 1 : -1;
    return [...functions].sort((a, b) => {
      const [x, y] = [a[key] ?? -1, b[key] ?? -1];
      return x < y ? -sign : x > y ? sign : 0;
    });
  }, [functions, sort]);
  const only = (service: string): void =>
    setParameters({ ...adding(route.peek().parameters, { parameter: "service", value: service }), offset: null }, true);
  const bad = (number: number, of: number) =>
    number === 0 ? (
      <span class="faint">0</span>
    ) : (
      <span class="failed">
        {count(number)} <span class="faint">{percent(number / of)}</span>
      </span>
    );
  return (
    <Table
      fit
      label="Functions"
      rows={rows}
      rowKey={({ service }) => service}
      sort={sort}
      onSort={setSort}
      onOpen={({ service }) => only(service)}
      columns={[
        {
          key: "service",
          title: "Function",
          width: "minmax(8rem, 2fr)",
          sort: "asc",
          cell: ({ service }) => (
            <button class="link" onClick={() => only(service)}>
              <Service name={service} />
            </button>
          ),
        },
        {
          key: "invocations",
          title: "Invocations",
          width: "minmax(5rem, 1fr)",
          align: "end",
          sort: "desc",
          cell: (row) => count(row.invocations),
        },
        {
          key: "errors",
          title: "Errors",
          width: "minmax(5rem, 1fr)",
          align: "end",
          sort: "desc",
          cell: (row) => bad(row.errors, row.invocations),
        },
        {
          key: "timeouts",
          title: "Timeouts",
          width: "minmax(5rem, 1fr)",
          align: "end",
          sort: "desc",
          from: 700,
          cell: (row) => bad(row.timeouts, row.invocations),
        },
        {
          key: "cold_starts",
          title: "Cold starts",
          width: "minmax(5.5rem, 1fr)",
          align: "end",
          sort: "desc",
          from: 560,
          cell: (row) => (
            <>
              {count(row.cold_starts)}{" "}
              <span class="faint">{row.cold_starts > 0 && percent(row.cold_starts / row.invocations)}</span>
            </>
          ),
        },
        {
          key: "p50",
          title: "p50",
          width: "minmax(4.5rem, 1fr)",
          align: "end",
          sort: "desc",
          from: 640,
          cell: (row) => duration(row.p50),
        },
        {
          key: "p99",
          title: "p99",
          width: "minmax(4.5rem, 1fr)",
          align: "end",
          sort: "desc",
          cell: (row) => duration(row.p99),
        },
        {
          key: "queue_p99",
          title: "Queue p99",
          width: "minmax(5rem, 1fr)",
          align: "end",
          sort: "desc",
          from: 860,
          cell: (row) => duration(row.queue_p99),
        },
        {
          key: "memory_peak",
          title: "Memory, most",
          width: "minmax(10rem, 1.5fr)",
          align: "end",
          sort: "desc",
          from: 780,
          cell: (row) => (
            <Meter
              of={row.memory_size}
              value={row.memory_peak}
              text={`${bytes(row.memory_peak)} of ${bytes(row.memory_size)}`}
            />
          ),
        },
      ]}
    />
  );
}
