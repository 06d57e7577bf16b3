/** Invocations: how do the functions run? Cold starts, memory, timeouts, time in queues, and metrics. */

import { useState } from "preact/hooks";
import { apiPath } from "../api/client";
import type { Invocations } from "../api/types";
import { always, useAsk } from "../api/use-ask";
import { filterParameters } from "../filters";
import { route, setParameters } from "../router";
import { NothingYet } from "../shell/empty";
import { FilterBar } from "../shell/filter-bar";
import { useStatus } from "../shell/status";
import { count, plural } from "../ui/format";
import { useFrozen } from "../ui/frozen";
import { Loading, Nothing, Problem } from "../ui/states";
import type { Sort } from "../ui/table";
import { Functions } from "./functions";
import { InvocationTable } from "./invocation-table";
import { Metrics } from "./metrics";

const PAGE = 200;
const SORTS = ["start", "duration", "memory", "init", "queue"];
const OUTCOMES = [
  ["", "All"],
  ["ok", "OK"],
  ["error", "Errors"],
  ["timeout", "Timeouts"],
] as const;

export function InvocationsScreen() {
  const [pointed, setPointed] = useState(false);
  const query = route.value.parameters;
  const { from, to, service, where } = filterParameters.value;
  const sort: Sort = {
    key: SORTS.find((name) => name === query.get("sort")) ?? "start",
    order: query.get("order") === "asc" ? "asc" : "desc",
  };
  const offset = Math.min(100_000, Math.max(0, Math.floor(Number(query.get("offset")) || 0)));
  const outcome = OUTCOMES.find(([name]) => name === query.get("outcome"))?.[0] ?? "";
  const cold = query.get("cold") === "true" ? "true" : null;
  const answer = useAsk<Invocations>(
    apiPath(["invocations"], {
      from,
      to,
      service,
      where,
      status: outcome,
      cold,
      sort: sort.key,
      order: sort.order,
      limit: PAGE,
      offset,
    }),
    { live: always, pause: 2000 },
  );
  const shown = useFrozen(answer.data, pointed, query.toString());
  const status = useStatus();
  const fresh = pointed && shown !== null && answer.data !== null ? answer.data.total - shown.total : 0;

  return (
    <>
      <header class="screen-head">
        <h1 class="sr-only">Invocations</h1>
        <FilterBar without={NOT_HERE} />
      </header>
      <Problem error={answer.error} />
      {shown === null || status === null ? (
        answer.error === null && <Loading />
      ) : status.spans === 0 && status.invocations === 0 && status.points === 0 ? (
        <NothingYet what="invocations" status={status} />
      ) : (
        <div class="invocations">
          {shown.functions.length > 0 && (
            <section class="panel invocations-functions" aria-label="Functions">
              <h2>{plural(shown.functions.length, "function")}</h2>
              <Functions functions={shown.functions} />
            </section>
          )}
          <section class="panel invocations-rows" aria-label="Invocations">
            <div class="invocations-head">
              <h2>{plural(shown.total, "invocation")}</h2>
              <div class="choices" role="group" aria-label="Outcome">
                {OUTCOMES.map(([name, title]) => (
                  <button
                    key={name}
                    class="small"
                    aria-pressed={name === outcome}
                    onClick={() => setParameters({ outcome: name, offset: null }, true)}
                  >
                    {title}
                  </button>
                ))}
              </div>
              <button
                class="small"
                aria-pressed={cold !== null}
                onClick={() => setParameters({ cold: cold === null ? "true" : null, offset: null }, true)}
              >
                Only cold starts
              </button>
              <span class="spring" />
              {fresh > 0 && (
                <span class="faint" role="status">
                  {plural(fresh, "new one", "new ones")}
                </span>
              )}
              {shown.total > PAGE && (
                <div class="choices" role="group" aria-label="Pages">
                  <span class="soft">
                    {count(offset + 1)} to {count(Math.min(shown.total, offset + shown.invocations.length))}
                  </span>
                  <button
                    class="small"
                    disabled={offset === 0}
                    onClick={() => setParameters({ offset: offset <= PAGE ? null : offset - PAGE }, true)}
                  >
                    Previous
                  </button>
                  <button
                    class="small"
                    disabled={offset + PAGE >= shown.total}
                    onClick={() => setParameters({ offset: offset + PAGE }, true)}
                  >
                    Next
                  </button>
                </div>
              )}
            </div>
            {shown.invocations.length === 0 && answer.stale ? (
              answer.error === null && <Loading />
            ) : shown.invocations.length > 0 ? (
              <InvocationTable
                rows={shown.invocations}
                sort={sort}
                onHover={setPointed}
                onSort={({ key, order }) =>
                  setParameters(
                    { sort: key === "start" ? null : key, order: order === "desc" ? null : order, offset: null },
                    true,
                  )
                }
              />
            ) : (
              <Nothing title={shown.total > 0 ? "No more invocations" : "No invocations here"}>
                <p>
                  {shown.total > 0
                    ? "Go back to the first page."
                    : "Remove a filter, or choose a longer time. Invocations come from the root spans of functions and from Lambda’s REPORT lines."}
                </p>
              </Nothing>
            )}
          </section>
          <Metrics />
        </div>
      )}
    </>
  );
}

const NOT_HERE = ["q", "name", "kind", "status", "min", "max"] as const;
