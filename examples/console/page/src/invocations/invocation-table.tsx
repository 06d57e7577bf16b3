/** The invocations, newest first, or by what is asked for. */

import type { Invocation } from "../api/types";
import { href } from "../router";
import { bytes, duration, fullTime, percent, time } from "../ui/format";
import { Outcome, Service } from "../ui/marks";
import { type Sort, Table } from "../ui/table";
import { Outside } from "../ui/text";
import { tip } from "../ui/tooltip";
import { Meter } from "./meter";

interface Properties {
  rows: Invocation[];
  sort: Sort;
  onSort: (sort: Sort) => void;
  onHover: (inside: boolean) => void;
}

/** Returns what no other row has: attempts have the same request id, and maybe no spans. */
export function keyOf(row: Invocation): string {
  return `${row.span ?? "report"} ${row.request_id} ${row.start} ${row.duration}`;
}

export function InvocationTable({ rows, sort, onSort, onHover }: Properties) {
  return (
    <Table
      label="Invocations"
      rows={rows}
      rowKey={keyOf}
      link={({ request, span }) => (request === null ? null : href("request", request, span === null ? {} : { span }))}
      sort={sort}
      onSort={onSort}
      onHover={onHover}
      keys
      columns={[
        {
          key: "start",
          title: "Start",
          width: "minmax(6.5rem, 1fr)",
          sort: "desc",
          cell: ({ start }) => <span {...tip(fullTime(start))}>{time(start, "ms")}</span>,
        },
        { key: "status", title: "Outcome", width: "minmax(5.5rem, 1fr)", cell: (row) => <Status row={row} /> },
        {
          key: "service",
          title: "Function",
          width: "minmax(7rem, 1.5fr)",
          cell: ({ service }) => <Service name={service} />,
        },
        {
          key: "request",
          title: "Request",
          width: "minmax(7rem, 1.5fr)",
          from: 640,
          cell: (row) => <Request row={row} />,
        },
        {
          key: "duration",
          title: "Duration",
          width: "minmax(5rem, 1fr)",
          align: "end",
          sort: "desc",
          cell: (row) => duration(row.duration),
        },
        {
          key: "init",
          title: "Cold start",
          width: "minmax(6rem, 1fr)",
          align: "end",
          sort: "desc",
          from: 560,
          cell: (row) => <ColdStart row={row} />,
        },
        {
          key: "deadline",
          title: "Deadline used",
          width: "minmax(6.5rem, 1fr)",
          align: "end",
          from: 980,
          cell: ({ deadline_used: used }) => <Meter value={used} of={used === null ? null : 1} text={percent(used)} />,
        },
        {
          key: "memory",
          title: "Memory",
          width: "minmax(9.5rem, 1.4fr)",
          align: "end",
          sort: "desc",
          from: 860,
          cell: (row) => (
            <Meter
              value={row.memory_used}
              of={row.memory_size}
              text={
                row.memory_size === null
                  ? bytes(row.memory_used)
                  : `${bytes(row.memory_used)} of ${bytes(row.memory_size)}`
              }
            />
          ),
        },
        {
          key: "queue",
          title: "Queue",
          width: "minmax(5rem, 1fr)",
          align: "end",
          sort: "desc",
          from: 740,
          cell: ({ queue }) => (queue === null ? <span class="faint">–</span> : duration(queue)),
        },
        {
          key: "billed",
          title: "Billed",
          width: "minmax(5.5rem, 1fr)",
          align: "end",
          from: 1100,
          cell: ({ billed, exact }) =>
            billed === null ? (
              "–"
            ) : (
              <span {...tip(exact ? "From the REPORT line" : "An estimate: the REPORT line is not here")}>
                {exact ? "" : "≈ "}
                {duration(billed)}
              </span>
            ),
        },
        {
          key: "trigger",
          title: "Trigger",
          width: "minmax(5rem, 0.8fr)",
          from: 1240,
          cell: ({ trigger }) => (trigger === null ? <span class="faint">–</span> : <Outside text={trigger} />),
        },
        {
          key: "version",
          title: "Version",
          width: "minmax(5rem, 0.8fr)",
          from: 1360,
          cell: ({ version, arch }) => (
            <span class="soft">
              <Outside text={[version, arch].filter(Boolean).join(", ")} />
            </span>
          ),
        },
      ]}
    />
  );
}

const WORDS: Record<Invocation["status"], string> = { ok: "OK", error: "Error", timeout: "Timeout" };

function Status({ row: { status, error } }: { row: Invocation }) {
  const about = error === null ? {} : tip(<Outside text={error} />);
  return (
    <span class="invocation-status" {...about}>
      <Outcome status={status === "ok" ? "ok" : "error"} />
      {WORDS[status] ?? <Outside text={status} />}
      {error !== null && (
        <span class="sr-only">
          : <Outside text={error} />
        </span>
      )}
    </span>
  );
}

function Request({ row: { request, request_id: id } }: { row: Invocation }) {
  if (request !== null) return <Outside text={request} />;
  return (
    <span class="faint" {...tip("Only its REPORT line is here")}>
      {id === null ? "–" : <Outside text={id} />}
    </span>
  );
}

function ColdStart({ row: { cold_start: cold, init } }: { row: Invocation }) {
  if (cold !== true) return <span class="faint">{cold === false ? "warm" : "–"}</span>;
  return <span class="mark mark-cold">{init === null ? "cold" : `cold ${duration(init)}`}</span>;
}
