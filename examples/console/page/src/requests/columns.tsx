/** The columns of Requests. */

import type { RequestSummary } from "../api/types";
import { href } from "../router";
import { follow } from "../shell/navigation";
import { count, duration, fullTime, plural, quantity, time } from "../ui/format";
import { Outcome, Service } from "../ui/marks";
import type { Column } from "../ui/table";
import { Outside } from "../ui/text";
import { tip } from "../ui/tooltip";

/** A chip for each of so many functions; the rest is a number. */
const CHIPS = 5;

/** Returns the columns; `full` is the duration of a full bar. */
export function requestColumns(full: number): Column<RequestSummary>[] {
  return [
    {
      key: "status",
      title: "Outcome",
      untitled: true,
      width: "14px",
      cell: (row) => <Outcome status={row.status} complete={row.complete} />,
    },
    {
      key: "id",
      title: "Request",
      width: "minmax(8.5rem, 1fr)",
      cell: (row) => (
        <a class={row.correlated ? "mono id" : "mono id id-trace"} href={href("request", row.id)} onClick={follow}>
          <Outside text={row.id} />
        </a>
      ),
    },
    { key: "root", title: "Began with", width: "minmax(8rem, 1fr)", from: 620, cell: (row) => <Began row={row} /> },
    {
      key: "services",
      title: "Functions",
      width: "minmax(11rem, 2fr)",
      from: 900,
      cell: (row) => <Functions row={row} />,
    },
    {
      key: "notes",
      title: "Notes",
      untitled: true,
      width: "7.5rem",
      from: 1200,
      align: "end",
      cell: (row) => (
        <span class="notes">
          {row.cold_starts > 0 && (
            <span class="mark" {...tip(plural(row.cold_starts, "cold start"))}>
              cold {row.cold_starts}
            </span>
          )}
          {(row.deliveries ?? 0) > 1 && (
            <span class="mark mark-warning" {...tip(`A message was delivered ${row.deliveries} times`)}>
              ×{row.deliveries}
            </span>
          )}
          {(row.failed_records ?? 0) > 0 && (
            <span class="mark mark-error" {...tip(plural(row.failed_records ?? 0, "record failed", "records failed"))}>
              {row.failed_records} failed
            </span>
          )}
        </span>
      ),
    },
    {
      key: "errors",
      title: "Errors",
      width: "3.6rem",
      align: "end",
      sort: "desc",
      from: 480,
      cell: (row) => (row.errors > 0 ? <span class="errors">{count(row.errors)}</span> : <span class="faint">0</span>),
    },
    {
      key: "spans",
      title: "Spans",
      width: "3.8rem",
      align: "end",
      sort: "desc",
      from: 720,
      cell: (row) => <span class="soft">{count(row.spans)}</span>,
    },
    {
      key: "billed",
      title: "Billed",
      width: "5rem",
      align: "end",
      sort: "desc",
      from: 1000,
      cell: (row) => <Billed row={row} />,
    },
    {
      key: "duration",
      title: "Duration",
      width: "minmax(8.5rem, 0.8fr)",
      sort: "desc",
      cell: (row) => <Bar row={row} full={full} />,
    },
    {
      key: "start",
      title: "Started",
      width: "6.6rem",
      align: "end",
      sort: "desc",
      from: 420,
      cell: (row) => (
        <span class="soft" title={fullTime(row.start)}>
          {time(row.start, "s")}
        </span>
      ),
    },
  ];
}

function Began({ row }: { row: RequestSummary }) {
  if (row.root === null) return <span class="faint">Root not here yet</span>;
  return <Outside text={row.root.name} />;
}

function Functions({ row }: { row: RequestSummary }) {
  const more = row.services.length - CHIPS;
  return (
    <span class="chips" {...(more > 0 ? tip(row.services.join(", ")) : {})}>
      {row.services.slice(0, CHIPS).map((name) => (
        <Service key={name} name={name} />
      ))}
      {more > 0 && <span class="faint">+{more}</span>}
    </span>
  );
}

function Billed({ row }: { row: RequestSummary }) {
  if (row.billed === null) return <span class="faint">–</span>;
  const about = `${plural(row.invocations, "invocation")}, ${quantity(row.gb_s ?? 0)} GB-s${row.exact ? "" : " (estimate: not every REPORT line is here)"}`;
  return (
    <span class="soft" {...tip(about)}>
      {row.exact ? "" : "≈ "}
      {duration(row.billed)}
    </span>
  );
}

function Bar({ row, full }: { row: RequestSummary; full: number }) {
  const length = row.duration ?? 0;
  const width = Math.min(1, length / full);
  const queue = length > 0 ? Math.min(1, (row.queue ?? 0) / length) : 0;
  return (
    <span
      class="duration"
      {...(row.queue !== null && row.queue > 0 ? tip(`${duration(row.queue)} of it in queues`) : {})}
    >
      <span class="duration-bar" aria-hidden="true">
        <span class={length > full ? "beyond" : ""} style={{ width: `${Math.max(1, width * 100)}%` }}>
          {queue > 0 && <span class="waited" style={{ width: `${queue * 100}%` }} />}
        </span>
      </span>
      <span>{duration(row.duration)}</span>
    </span>
  );
}
