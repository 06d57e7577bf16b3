/** Request: where did the order go? All traces of one correlation id on one axis. */

import { useEffect, useMemo, useRef } from "preact/hooks";
import { apiPath, ask } from "../api/client";
import { exported, exportedRequest } from "../api/exported";
import type { Logs, Request } from "../api/types";
import { useAsk } from "../api/use-ask";
import { href, route } from "../router";
import { follow } from "../shell/navigation";
import { Loading, Nothing, Problem } from "../ui/states";
import { inWorker } from "../worker/client";
import { columns, type Columns } from "./columns";
import { Detail } from "./detail";
import { RequestHead } from "./head";
import { outline } from "./outline";
import { createStore, type Store } from "./store";
import { Toolbar } from "./toolbar";
import { Waterfall } from "./waterfall";

/** The most log lines that the page asks for: beyond, it asks for those of a span. */
export const MOST_LOGS = 5000;

/** Reads a request beside the page: 20,000 spans are megabytes. */
async function load(path: string): Promise<Columns> {
  if (exported !== null) return columns(await ask<Request>(path));
  const read = await inWorker<Columns>({ kind: "request", path });
  // Receiving, outlining and drawing are a task each, between which the page answers.
  await nextTask();
  outline(read);
  await nextTask();
  return read;
}

function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

export function RequestScreen() {
  const id = route.value.id ?? exportedRequest() ?? "";
  const known = useRef<string>(id);
  const { data, error } = useAsk<Columns>(apiPath(["requests", id]), {
    live: ({ requests, more }) => more === true || requests.includes(known.current),
    pause: 1000,
    through: load,
  });
  const store = useRef<Store | null>(null);
  if (data !== null) {
    known.current = data.id;
    if (store.current === null) store.current = createStore(data);
    else if (store.current.columns.peek() !== data) store.current.columns.value = data;
  }
  if (store.current === null) {
    return (
      <>
        <h1 class="sr-only">Request</h1>
        {error === null ? (
          <Loading what="Reading the request" />
        ) : error.status !== 404 ? (
          <Problem error={error} />
        ) : (
          <Nothing title="This request is not here">
            <p>
              It may have been dropped to stay below the limit, or belongs to a console that has ended.{" "}
              <a href={href("requests")} onClick={follow}>
                Back to all requests
              </a>
            </p>
          </Nothing>
        )}
      </>
    );
  }
  return <Shown store={store.current} />;
}

function Shown({ store }: { store: Store }) {
  const { id, seq, summary, count } = store.columns.value;
  const path = useMemo(() => apiPath(["requests", id, "logs"], exported === null ? { limit: MOST_LOGS } : {}), [id]);
  const logs = useAsk<Logs>(summary.logs > 0 || exported !== null ? path : null, {
    live: ({ requests, more, logs }) => logs > 0 && (more === true || requests.includes(id)),
    pause: 1500,
  });
  useEffect(() => {
    if (logs.data !== null) store.logs.value = logs.data.logs;
  }, [logs.data, seq]);
  return (
    <>
      <RequestHead store={store} />
      <div class={store.open.value ? "request request-open" : "request"}>
        <div class="request-main">
          <Toolbar store={store} />
          {count > 0 ? (
            <Waterfall store={store} />
          ) : (
            <Nothing title="No spans yet">
              <p>Only log lines of this request came in: press o to read them.</p>
            </Nothing>
          )}
        </div>
        {store.open.value && <Detail store={store} logs={logs.data} />}
      </div>
    </>
  );
}
