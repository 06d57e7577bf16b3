/** Log lines of a span, of what is below it, or of the request. */

import { useSignal } from "@preact/signals";
import { apiPath } from "../../api/client";
import { exported } from "../../api/exported";
import type { Log, Logs, Severity } from "../../api/types";
import { useAsk } from "../../api/use-ask";
import { setParameters } from "../../router";
import { count, duration, fullTime, plural } from "../../ui/format";
import { serviceSlot } from "../../ui/palette";
import { Loading } from "../../ui/states";
import { Copy, LongText, Outside } from "../../ui/text";
import { placeOf } from "../columns";
import type { Store } from "../store";
import { AttributeList } from "./attributes";

const SEVERITIES: readonly Severity[] = ["trace", "debug", "info", "warn", "error"];
/** Lines are added by so many. */
const STEP = 200;

type Of = "span" | "subtree" | "request";

/** Returns the lines of a span, or of what is at and below it, that are severe enough and hold a text. */
export function chosenLogs(
  logs: readonly Log[],
  rows: ReadonlySet<number> | null,
  least: Severity | null,
  text: string,
): Log[] {
  const wanted = text.trim().toLowerCase();
  const level = least === null ? 0 : SEVERITIES.indexOf(least);
  return logs.filter(
    (log) =>
      (rows === null || (log.span !== null && rows.has(log.span))) &&
      (level === 0 || (log.severity !== null && SEVERITIES.indexOf(log.severity) >= level)) &&
      (wanted === "" || log.body.toLowerCase().includes(wanted)),
  );
}

export function LogsTab({ store, logs, of: asked }: { store: Store; logs: Logs | null; of: string }) {
  const columns = store.columns.value;
  const at = store.selected.value;
  const of: Of = at < 0 ? "request" : asked === "subtree" || asked === "request" ? asked : "span";
  const least = useSignal<Severity | null>(null);
  const text = useSignal("");
  const most = useSignal(STEP);

  // All lines of the request are here, unless there are too many of them: then those of the span are asked for.
  const beyond = logs !== null && logs.total > logs.logs.length && exported === null && of !== "request";
  const more = useAsk<Logs>(
    beyond ? apiPath(["requests", columns.id, "logs"], { span: columns.span[at], of, limit: 5000 }) : null,
  );
  const known = !beyond ? logs : more.stale ? null : more.data;
  if (known === null) return columns.summary.logs > 0 ? <Loading /> : <Empty of={of} onWiden={null} />;

  const rows =
    of === "request" || beyond
      ? null
      : new Set(
          store.outline.value.node
            .subarray(
              store.outline.value.position[at] ?? 0,
              of === "span"
                ? (store.outline.value.position[at] ?? 0) + 1
                : store.outline.value.end[store.outline.value.position[at] ?? 0],
            )
            .filter((node) => node < columns.count)
            .reduce<number[]>((list, node) => (list.push(columns.span[node] ?? -1), list), []),
        );
  const chosen = chosenLogs(known.logs, rows, least.value, text.value);
  return (
    <>
      <div class="log-filter">
        {at >= 0 && (
          <select
            aria-label="Lines of"
            value={of}
            onChange={(event) =>
              setParameters({ of: event.currentTarget.value === "span" ? null : event.currentTarget.value })
            }
          >
            <option value="span">This span</option>
            <option value="subtree">And below</option>
            <option value="request">The request</option>
          </select>
        )}
        <select
          aria-label="The least severity"
          value={least.value ?? ""}
          onChange={(event) => (least.value = (event.currentTarget.value || null) as Severity | null)}
        >
          <option value="">All levels</option>
          {SEVERITIES.slice(1).map((severity) => (
            <option key={severity} value={severity}>
              {severity}
            </option>
          ))}
        </select>
        <input
          type="search"
          aria-label="Search in the lines"
          placeholder="Search"
          value={text.value}
          onInput={(event) => (text.value = event.currentTarget.value)}
        />
      </div>
      {chosen.length === 0 ? (
        <Empty
          of={of}
          onWiden={
            at >= 0 && of !== "request" && known.total > 0
              ? () => setParameters({ of: of === "span" ? "subtree" : "request" })
              : null
          }
        />
      ) : (
        <ol class="logs">
          {chosen.slice(0, most.value).map((log) => (
            <Line key={log.log} store={store} log={log} here={log.span === columns.span[at]} />
          ))}
        </ol>
      )}
      {chosen.length > most.value && (
        <button class="more" onClick={() => (most.value += STEP)}>
          {count(chosen.length - most.value)} more
        </button>
      )}
      {known.total > known.logs.length && (
        <p class="padded faint">
          The first {plural(known.logs.length, "line")} of {count(known.total)}.
        </p>
      )}
    </>
  );
}

function Empty({ of, onWiden }: { of: Of; onWiden: (() => void) | null }) {
  return (
    <p class="padded faint">
      No log lines {of === "request" ? "of this request" : of === "span" ? "of this span" : "of this span and below"}.
      {onWiden !== null && (
        <>
          {" "}
          <button class="quiet small" onClick={onWiden}>
            {of === "span" ? "And below it?" : "Of the request?"}
          </button>
        </>
      )}
    </p>
  );
}

function Line({ store, log, here }: { store: Store; log: Log; here: boolean }) {
  const open = useSignal(false);
  const at = placeOf(store.columns.value, log.span);
  return (
    <li class={`log log-${log.severity ?? "none"}${here ? " here" : ""}`}>
      <button
        class="log-line"
        aria-expanded={open.value}
        onClick={() => (open.value = !open.value)}
        title={fullTime(log.time)}
      >
        <span class="log-time">{duration(log.time - store.columns.value.origin)}</span>
        <span class="log-severity">{log.severity ?? ""}</span>
        <i class="swatch" data-slot={log.service === null ? 7 : serviceSlot(log.service)} />
        <span class="log-body">
          <bdi>{log.body.slice(0, 300)}</bdi>
        </span>
      </button>
      {open.value && (
        <div class="log-more">
          <LongText class="mono" text={log.body} />
          <p>
            <Copy text={log.body} />
            {at >= 0 && !here && (
              <button class="quiet small" onClick={() => store.select(at)}>
                Go to its span
              </button>
            )}
            {log.service !== null && (
              <span class="faint">
                <Outside text={log.service} />, {fullTime(log.time)}
              </span>
            )}
          </p>
          <AttributeList attributes={log.attributes} filter={false} />
        </div>
      )}
    </li>
  );
}
