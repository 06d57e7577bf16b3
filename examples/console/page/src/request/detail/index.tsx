/** What is known of the selected span, or of the request. */

import { exported } from "../../api/exported";
import type { Logs } from "../../api/types";
import { parameter, setParameters } from "../../router";
import { count, duration, percent } from "../../ui/format";
import { Outcome, Service } from "../../ui/marks";
import { Tabs } from "../../ui/tabs";
import { LongText, Outside } from "../../ui/text";
import { tip } from "../../ui/tooltip";
import { ERROR, KINDS, nameOf, serviceOf } from "../columns";
import { rootOf, selfTime } from "../find";
import { DETAIL_TABS, type DetailTab, type Store } from "../store";
import { AttributesTab } from "./attributes";
import { EventTab } from "./event";
import { LogsTab } from "./logs";
import { MetricsTab } from "./metrics";
import { RawTab } from "./raw";

const TITLES: Record<DetailTab, string> = {
  attributes: "Attributes",
  logs: "Logs",
  metrics: "Metrics",
  event: "Event",
  raw: "Raw",
};

export function Detail({ store, logs }: { store: Store; logs: Logs | null }) {
  const at = store.selected.value;
  const columns = store.columns.value;
  const span = at < 0 ? null : (columns.span[at] ?? null);
  const tab = span === null ? "logs" : store.tab.value;
  const shown =
    span === null
      ? (["logs"] as const)
      : DETAIL_TABS.filter((name) => exported === null || (name !== "raw" && name !== "event"));
  const close = (): void => {
    setParameters({ tab: null, of: null });
    store.select(-1);
  };
  return (
    <aside class="detail" aria-label={span === null ? "The request" : "The selected span"}>
      <header>
        {at < 0 ? <h2>The request</h2> : <SpanHead store={store} at={at} />}
        <button class="quiet icon close" onClick={close} aria-label="Close" {...tip("Close (Esc)")}>
          ×
        </button>
      </header>
      <Tabs
        label="Details"
        tabs={shown.map((name) => ({
          name,
          title:
            name === "logs" ? (
              <>
                {TITLES.logs} <span class="faint">{count(at < 0 ? columns.summary.logs : columns.logs[at])}</span>
              </>
            ) : (
              TITLES[name]
            ),
        }))}
        chosen={tab}
        onChoose={(name) => setParameters({ tab: name === "attributes" ? null : name })}
      >
        {tab === "logs" && <LogsTab store={store} logs={logs} of={parameter("of") ?? "span"} />}
        {span !== null && tab === "attributes" && <AttributesTab store={store} span={span} />}
        {span !== null && tab === "metrics" && (
          <MetricsTab
            key={columns.span[rootOf(columns, at)]}
            request={columns.id}
            span={columns.span[rootOf(columns, at)] ?? span}
          />
        )}
        {span !== null && tab === "event" && (
          <EventTab key={columns.span[rootOf(columns, at)]} span={columns.span[rootOf(columns, at)] ?? span} />
        )}
        {span !== null && tab === "raw" && <RawTab key={span} span={span} />}
      </Tabs>
    </aside>
  );
}

function SpanHead({ store, at }: { store: Store; at: number }) {
  const columns = store.columns.value;
  const length = columns.length[at] ?? 0;
  const self = selfTime(columns, at);
  const error = columns.errors.get(at);
  const failed = ((columns.flags[at] ?? 0) & ERROR) !== 0;
  return (
    <div class="span-head">
      <h2>
        {failed && <Outcome status="error" />} <Outside text={nameOf(columns, at)} />
      </h2>
      <p class="soft">
        <Service name={serviceOf(columns, at)} /> <span>{KINDS[columns.kind[at] ?? 0]}</span>
        <span>
          <b>{duration(length)}</b> from {duration(columns.start[at])}
        </span>
        {length > 0 && self < length && (
          <span {...tip("The time that no span below covers")}>
            self {duration(self)} ({percent(self / length)})
          </span>
        )}
      </p>
      {error !== undefined && (
        <p class="span-error">
          <LongText text={error} />
        </p>
      )}
    </div>
  );
}
