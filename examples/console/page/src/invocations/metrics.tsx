/** The charts of metrics: those chosen, or else the first. */

import { apiPath } from "../api/client";
import type { Instruments } from "../api/types";
import { useAsk } from "../api/use-ask";
import { filterParameters } from "../filters";
import { route, setParameters } from "../router";
import { Loading, Problem } from "../ui/states";
import { Outside } from "../ui/text";
import { MetricChart } from "./chart";

const FIRST = 4;
/** As many metrics have a button; the others are chosen in the URL. */
const BUTTONS = 60;

export function Metrics() {
  const { from, to, service } = filterParameters.value;
  const { data, error } = useAsk<Instruments>(apiPath(["metrics"]), { live: (batch) => batch.points > 0, pause: 5000 });
  const metrics = data?.metrics ?? [];
  if (metrics.length === 0) {
    return (
      <section class="metrics" aria-label="Metrics">
        <h2>Metrics</h2>
        <Problem error={error} />
        {data === null ? (
          error === null && <Loading />
        ) : (
          <p class="soft">
            None came in yet. Metrics that a function sends over OTLP, or writes as EMF, are drawn here.
          </p>
        )}
      </section>
    );
  }
  const wanted = route.value.parameters.getAll("metric");
  const asked = metrics.filter(({ name }) => wanted.includes(name));
  const shown = wanted.length > 0 ? asked : metrics.slice(0, FIRST);
  const toggle = (name: string): void => {
    const names = shown.map((metric) => metric.name);
    setParameters({ metric: names.includes(name) ? names.filter((other) => other !== name) : [...names, name] }, true);
  };
  return (
    <section class="metrics" aria-label="Metrics">
      <div class="metrics-head">
        <h2>Metrics</h2>
        {metrics.slice(0, BUTTONS).map(({ name }) => (
          <button
            key={name}
            class="small"
            aria-pressed={shown.some((metric) => metric.name === name)}
            onClick={() => toggle(name)}
          >
            <Outside text={name} />
          </button>
        ))}
      </div>
      <div class="charts">
        {shown.map((metric) => (
          <MetricChart
            key={`${metric.name}\0${metric.unit}\0${metric.type}`}
            metric={metric}
            parameters={{ from, to, service }}
          />
        ))}
      </div>
    </section>
  );
}
