/** Cost: what did it cost, and what for? */

import { useState } from "preact/hooks";
import { apiPath } from "../api/client";
import type { Cost, CostSum } from "../api/types";
import { always, useAsk } from "../api/use-ask";
import { filterParameters } from "../filters";
import { route, setParameters } from "../router";
import { Empty } from "../shell/empty";
import { FilterBar } from "../shell/filter-bar";
import { count, duration, percent, plural } from "../ui/format";
import { useFrozen } from "../ui/frozen";
import { Loading, Nothing, Problem } from "../ui/states";
import { Outside } from "../ui/text";
import { gigabyteSeconds, money } from "./amounts";
import { WaitingBar, WaitingWords } from "./bar";
import { CostTable, Exactness } from "./cost-table";
import { nodeName } from "./names";
import { PriceForm } from "./price-form";
import { type Prices, cost, keep, load, missing } from "./prices";

const WAYS: readonly { by: Cost["by"]; title: string }[] = [
  { by: "function", title: "Function" },
  { by: "request", title: "Request" },
  { by: "tenant", title: "Tenant" },
  { by: "route", title: "Route" },
];

export function CostScreen() {
  const [pointed, setPointed] = useState(false);
  const [prices, setPrices] = useState<Prices>(load);
  const query = route.value.parameters;
  const by = WAYS.find((way) => way.by === query.get("by"))?.by ?? "function";
  const { from, to, service } = filterParameters.value;
  const answer = useAsk<Cost>(apiPath(["cost"], { from, to, service, by, limit: MOST_ROWS }), {
    live: always,
    pause: 2000,
  });
  const shown = useFrozen(answer.data, pointed, query.toString());
  const change = (next: Prices): void => {
    setPrices(next);
    keep(next);
  };

  return (
    <>
      <header class="screen-head">
        <h1 class="sr-only">Cost</h1>
        <FilterBar without={NOT_HERE} />
      </header>
      <Problem error={answer.error} />
      {shown === null || (shown.sum.invocations === 0 && answer.stale) ? (
        answer.error === null && <Loading />
      ) : shown.sum.invocations === 0 ? (
        <Empty what="invocations">
          <Nothing title="No invocations here">
            <p>Cost counts invocations of Lambda functions. Choose a longer time, or remove a filter.</p>
          </Nothing>
        </Empty>
      ) : (
        <div class="cost">
          <div class="cost-top">
            <Sum sum={shown.sum} prices={prices} />
            <PriceForm prices={prices} onChange={change} missing={missing(shown.sum, prices)} />
          </div>
          <section class="panel cost-rows" aria-label="Cost by">
            <div class="cost-by" role="group" aria-label="By">
              <span class="soft">By</span>
              {WAYS.map((way) => (
                <button
                  key={way.by}
                  aria-pressed={way.by === by}
                  onClick={() => setParameters({ by: way.by === "function" ? null : way.by }, true)}
                >
                  {way.title}
                </button>
              ))}
              <span class="spring" />
              {shown.total > shown.rows.length && (
                <span class="faint">
                  The {count(shown.rows.length)} greatest of {count(shown.total)}
                </span>
              )}
            </div>
            <CostTable cost={shown} prices={prices} onHover={setPointed} />
          </section>
        </div>
      )}
    </>
  );
}

function Sum({ sum, prices }: { sum: CostSum; prices: Prices }) {
  const amount = cost(sum, prices);
  const waited = sum.duration > 0 ? Math.min(1, sum.waiting / sum.duration) : 0;
  const first = sum.waiting_on[0];
  return (
    <section class="panel cost-sum" aria-label="In all">
      <dl>
        <div class="cost-amount">
          <dt>Cost</dt>
          <dd>
            {amount === null ? "–" : money(amount, prices.currency)} <Exactness row={sum} />
          </dd>
        </div>
        <div>
          <dt>GB-seconds</dt>
          <dd>{gigabyteSeconds(sum.gb_s + sum.gb_s_arm64)}</dd>
        </div>
        <div>
          <dt>Invocations</dt>
          <dd>{count(sum.invocations)}</dd>
        </div>
        <div>
          <dt>Billed</dt>
          <dd>{duration(sum.billed)}</dd>
        </div>
      </dl>
      <p class="cost-say">
        {waited === 0 ? (
          "No time was spent waiting on others."
        ) : (
          <>
            <b>{percent(waited)}</b> of the time was waiting
            {first !== undefined && (
              <>
                , the longest on{" "}
                <b>
                  <Outside text={nodeName(first.node)} />
                </b>{" "}
                ({percent(first.share)})
              </>
            )}
            .
          </>
        )}
      </p>
      <WaitingBar row={sum} tall />
      <WaitingWords row={sum} />
      {sum.exact < sum.invocations && (
        <p class="faint cost-note">
          An estimate: {plural(sum.invocations - sum.exact, "invocation has", "invocations have")} no REPORT line here.
          Read Lambda’s log to make it exact.
        </p>
      )}
    </section>
  );
}

const MOST_ROWS = 500;
const NOT_HERE = ["q", "name", "kind", "status", "min", "max", "where"] as const;
