/** Requests: what happened? By correlation id, not by trace. */

import { useSignal } from "@preact/signals";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { apiPath } from "../api/client";
import type { Requests, RequestSummary } from "../api/types";
import { always, useAsk } from "../api/use-ask";
import { FILTERS, filterParameters } from "../filters";
import { href, parameter, route, setParameters } from "../router";
import { Empty } from "../shell/empty";
import { FilterBar } from "../shell/filter-bar";
import { count, plural } from "../ui/format";
import { useKeys } from "../ui/keys";
import { Loading, Nothing, Problem } from "../ui/states";
import { Table, type Sort } from "../ui/table";
import { arrive, fullBar, type Held } from "./arrivals";
import { requestColumns } from "./columns";

const PAGE = 200;
/** What narrows the list. */
const WORDS = [...FILTERS, "q"] as const;
const NONE: Held<RequestSummary> = { shown: [], waiting: 0, fresh: new Set() };

export function RequestsScreen() {
  const sort: Sort = { key: parameter("sort") ?? "start", order: parameter("order") === "asc" ? "asc" : "desc" };
  const offset = Math.max(0, Number(parameter("offset")) || 0);
  const view = route.value.parameters.toString();
  const path = apiPath(["requests"], {
    ...filterParameters.value,
    q: parameter("q"),
    sort: sort.key,
    order: sort.order,
    limit: PAGE,
    offset,
  });
  const { data, error, stale } = useAsk<Requests>(path, { live: always, pause: 1000 });

  const rows = useSignal<Held<RequestSummary>>(NONE);
  const hovered = useSignal(false);
  const scrolled = useSignal(false);
  const shownView = useRef<string | null>(null);
  const newest = useRef<Requests | null>(null);

  // Before the screen is drawn: an answer with rows must not be seen without them.
  useLayoutEffect(() => {
    if (data === null || data === newest.current) return;
    newest.current = data;
    const same = shownView.current === view;
    shownView.current = view;
    rows.value = arrive(same ? rows.peek().shown : [], data.requests, same && (hovered.peek() || scrolled.peek()));
  }, [data]);

  const table = useRef<HTMLDivElement>(null);
  const showNew = (): void => {
    if (newest.current === null) return;
    rows.value = arrive(rows.peek().shown, newest.current.requests, false);
    table.current?.querySelector(".table")?.scrollTo({ top: 0 });
  };
  useKeys("Requests", [{ keys: ["."], does: "Show what is new", run: showNew }]);

  const { shown, waiting, fresh } = data === null ? NONE : rows.value;
  const full = fullBar(shown.map((row) => row.duration ?? 0));
  const columns = useMemo(() => requestColumns(full), [full]);
  const filtered = WORDS.some((name) => route.value.parameters.has(name));
  const total = data?.total ?? 0;

  return (
    <>
      <div class="screen-head">
        <h1 class="sr-only">Requests</h1>
        <FilterBar words />
        <span class="total" role="status">
          {data === null ? "" : plural(total, "request")}
        </span>
      </div>
      <Problem error={error} />
      <div class="requests" ref={table}>
        {shown.length > 0 ? (
          <Table
            label="Requests"
            columns={columns}
            rows={shown}
            rowKey={(row) => row.id}
            link={(row) => href("request", row.id)}
            sort={sort}
            onSort={({ key, order }) =>
              setParameters({
                sort: key === "start" ? null : key,
                order: order === "desc" ? null : order,
                offset: null,
              })
            }
            marked={(row) => fresh.has(row.id)}
            onHover={(inside) => (hovered.value = inside)}
            onScrolled={(away) => (scrolled.value = away)}
            keys
          />
        ) : data === null || stale ? (
          error === null && <Loading />
        ) : (
          <Empty what="requests">
            {filtered ? (
              <Nothing title="No request passes these filters">
                <p>
                  <button
                    onClick={() => setParameters(Object.fromEntries(WORDS.map((name) => [name, null])), true)}
                  >
                    Remove them
                  </button>
                </p>
              </Nothing>
            ) : total > 0 ? (
              <Nothing title="No more requests">
                <p>Go back to the first page.</p>
              </Nothing>
            ) : (
              <Loading />
            )}
          </Empty>
        )}
        {waiting > 0 && (
          <button class="primary arrivals" onClick={showNew}>
            {count(waiting)} new
          </button>
        )}
      </div>
      {total > PAGE && (
        <div class="pages">
          <button
            disabled={offset === 0}
            onClick={() => setParameters({ offset: offset > PAGE ? offset - PAGE : null }, true)}
          >
            Newer
          </button>
          <span>
            {count(offset + 1)} to {count(Math.min(total, offset + PAGE))} of {count(total)}
          </span>
          <button disabled={offset + PAGE >= total} onClick={() => setParameters({ offset: offset + PAGE }, true)}>
            Older
          </button>
        </div>
      )}
    </>
  );
}
