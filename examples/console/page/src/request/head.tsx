/** What a request is at a glance, and the ways out of the page. */

import type { ComponentChildren } from "preact";
import { apiPath } from "../api/client";
import { exported } from "../api/exported";
import { leftAt } from "../router";
import { follow } from "../shell/navigation";
import { count, duration, fullTime, plural, quantity, time } from "../ui/format";
import { Outcome } from "../ui/marks";
import { Copy, Outside } from "../ui/text";
import { tip } from "../ui/tooltip";
import type { Store } from "./store";

export function RequestHead({ store }: { store: Store }) {
  const { id, summary, correlated, truncated, count: here } = store.columns.value;
  return (
    <header class="request-head">
      <div class="request-title">
        {exported === null && (
          <a class="back" href={leftAt("requests")} onClick={follow} aria-label="All requests">
            ←
          </a>
        )}
        <Outcome status={summary.status} complete={summary.complete} />
        <h1 class="mono">
          <Outside text={id} />
        </h1>
        <Copy text={id} />
        {!correlated && (
          <span class="mark" {...tip("No correlation id: this is a trace by itself")}>
            trace
          </span>
        )}
        {!summary.complete && (
          <span
            class="mark mark-warning"
            {...tip("A trace of it has no root yet: a span is missing, or is still to come")}
          >
            incomplete
          </span>
        )}
        <span class="spring" />
        {exported === null && (
          <>
            <a
              class="button"
              href={apiPath(["requests", id, "export.html"])}
              download
              {...tip("One HTML file that opens without a console")}
            >
              Save as HTML
            </a>
            <a
              class="button"
              href={apiPath(["requests", id, "perfetto.json"])}
              download
              {...tip("A trace file to open at ui.perfetto.dev")}
            >
              Perfetto
            </a>
          </>
        )}
      </div>
      <dl class="facts">
        <Fact title="Started">
          <span title={fullTime(summary.start)}>{time(summary.start)}</span>
        </Fact>
        <Fact title="Duration">{duration(summary.duration)}</Fact>
        {(summary.queue ?? 0) > 0 && <Fact title="In queues">{duration(summary.queue)}</Fact>}
        <Fact title="Spans">
          {count(summary.spans)}
          {summary.traces > 1 && <span class="faint"> in {plural(summary.traces, "trace")}</span>}
        </Fact>
        <Fact title="Errors">
          <span class={summary.errors > 0 ? "errors" : ""}>{count(summary.errors)}</span>
        </Fact>
        <Fact title="Logs">{count(summary.logs)}</Fact>
        {summary.invocations > 0 && (
          <Fact title="Invocations">
            {count(summary.invocations)}
            {summary.cold_starts > 0 && <span class="faint">, {count(summary.cold_starts)} cold</span>}
          </Fact>
        )}
        {summary.billed !== null && (
          <Fact title="Billed">
            <span {...tip(summary.exact ? "From the REPORT lines" : "An estimate: not every REPORT line is here")}>
              {summary.exact ? "" : "≈ "}
              {duration(summary.billed)}
              <span class="faint"> · {quantity(summary.gb_s ?? 0)} GB-s</span>
            </span>
          </Fact>
        )}
        {(summary.deliveries ?? 0) > 1 && <Fact title="Deliveries">{count(summary.deliveries)}</Fact>}
        {(summary.failed_records ?? 0) > 0 && (
          <Fact title="Failed records">
            <span class="errors">{count(summary.failed_records)}</span>
          </Fact>
        )}
        {truncated > 0 && (
          <Fact title="Left out">
            <span class="warning">
              {plural(truncated, "span")} beyond the first {count(here)}
            </span>
          </Fact>
        )}
      </dl>
    </header>
  );
}

function Fact({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </div>
  );
}
