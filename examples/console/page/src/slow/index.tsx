/** Slow: which call is slow, and for whom? A heat map, and what is different in a selection of it. */

import { useState } from "preact/hooks";
import { apiPath } from "../api/client";
import type { Heatmap } from "../api/types";
import { always, useAsk } from "../api/use-ask";
import { filterParameters } from "../filters";
import { route, setParameters } from "../router";
import { Empty } from "../shell/empty";
import { FilterBar } from "../shell/filter-bar";
import { useFrozen } from "../ui/frozen";
import { count, plural } from "../ui/format";
import { Loading, Nothing, Problem } from "../ui/states";
import { CellTable } from "./cell-table";
import { Comparison } from "./comparison";
import { HeatMap } from "./heat-map";
import { Legend } from "./legend";
import { OperationPicker } from "./operation-picker";
import { parameters, read } from "./selection";

export function SlowScreen() {
  const [pointed, setPointed] = useState(false);
  const query = route.value.parameters;
  const operations = query.getAll("operation");
  const whole = { ...filterParameters.value, operation: operations, columns: COLUMNS };
  const answer = useAsk<Heatmap>(apiPath(["heatmap"], whole), { live: always, pause: 2000 });
  const map = useFrozen(answer.data, pointed, query.toString());
  const selection = read(query);
  const fresh = (answer.data?.total ?? 0) - (map?.total ?? 0);

  return (
    <>
      <header class="screen-head">
        <h1 class="sr-only">Slow</h1>
        <OperationPicker
          chosen={operations}
          onChoose={(operation) => setParameters({ operation, ...parameters(read(new URLSearchParams())) }, true)}
        />
        <FilterBar without={NOT_HERE} />
      </header>
      <Problem error={answer.error} />
      {map === null || (map.total === 0 && answer.stale) ? (
        answer.error === null && <Loading />
      ) : map.total === 0 ? (
        <Empty what="spans">
          <Nothing title="No spans pass the filters">
            <p>Remove a filter, choose a longer time, or choose another operation.</p>
          </Nothing>
        </Empty>
      ) : (
        <div class="slow">
          <section class="panel slow-picture" aria-label="Durations over time">
            <div class="slow-title">
              <h2>Duration over time</h2>
              <span class="soft">
                {plural(map.total, "span")}
                {map.errors > 0 ? `, ${count(map.errors)} with an error` : ""}
              </span>
              {pointed && fresh > 0 && (
                <span class="faint" role="status">
                  {plural(fresh, "new one", "new ones")}
                </span>
              )}
              <span class="spring" />
              <Legend map={map} />
            </div>
            <HeatMap
              map={map}
              selection={selection}
              onHover={setPointed}
              onSelect={(next) => setParameters(parameters(next), true)}
            />
            <CellTable map={map} onSelect={(next) => setParameters(parameters(next), true)} />
          </section>
          <Comparison key={JSON.stringify(selection)} whole={whole} selection={selection} />
        </div>
      )}
    </>
  );
}

/** Of the heat map: a cell is then about as wide as it is high. */
const COLUMNS = 120;
const NOT_HERE = ["q"] as const;
