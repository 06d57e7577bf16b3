/** What the invocation of a span measured. */

import { apiPath } from "../../api/client";
import { exported } from "../../api/exported";
import type { InvocationMetrics } from "../../api/types";
import { useAsk } from "../../api/use-ask";
import { bytes, duration, quantity } from "../../ui/format";
import { Loading, Problem } from "../../ui/states";
import { Key, Outside } from "../../ui/text";
import { valueText } from "./attributes";

/** Returns a value with its unit (UCUM, as OpenTelemetry has them). */
export function measured(value: number, unit: string | null): string {
  switch (unit) {
    case "By":
      return bytes(value);
    case "s":
      return duration(value * 1e6);
    case "ms":
      return duration(value * 1e3);
    case "us":
      return duration(value);
    case "ns":
      return duration(value / 1e3);
    case null:
    case "":
    case "1":
      return quantity(value);
    default:
      return `${quantity(value)} ${unit.replaceAll(/[{}]/g, "")}`;
  }
}

export function MetricsTab({ request, span }: { request: string; span: number }) {
  const path = apiPath(["requests", request, "metrics"], { span });
  const { data, error } = useAsk<InvocationMetrics>(path, {
    live: ({ requests, points }) => points > 0 && requests.includes(request),
  });
  if (data === null) {
    if (error === null) return <Loading />;
    return exported !== null && error.status === 404 ? <None /> : <Problem error={error} />;
  }
  const { report, usage, points } = data;
  if (report === null && usage.length === 0 && points.length === 0) return <None />;
  return (
    <div class="sections">
      {report !== null && (
        <section>
          <h3>Lambda's report</h3>
          <dl class="attributes">
            <Measure name="Duration" value={duration(report.duration)} />
            <Measure name="Billed" value={duration(report.billed)} />
            {report.init !== null && <Measure name="Init" value={duration(report.init)} />}
            <Measure name="Memory" value={`${bytes(report.memory_used)} of ${bytes(report.memory_size)}`} />
            {report.status !== null && <Measure name="Status" value={report.status} />}
          </dl>
        </section>
      )}
      {usage.length > 0 && (
        <section>
          <h3>Use of the invocation</h3>
          <dl class="attributes">
            {usage.map(({ key, value, unit }) => (
              <Measure key={key} name={key} value={measured(value, unit)} />
            ))}
          </dl>
        </section>
      )}
      {points.length > 0 && (
        <section>
          <h3>Points</h3>
          <table class="points">
            <thead>
              <tr>
                <th>Instrument</th>
                <th>Attributes</th>
                <th class="end">Value</th>
              </tr>
            </thead>
            <tbody>
              {points.map((point, index) => (
                <tr key={index}>
                  <td>
                    <Outside text={point.name} /> <span class="faint">{point.type}</span>
                  </td>
                  <td class="soft">
                    {point.attributes.map((attribute) => (
                      <div key={attribute.key}>
                        <Outside text={`${attribute.key} = ${valueText(attribute).slice(0, 200)}`} />
                      </div>
                    ))}
                  </td>
                  <td class="end">
                    {point.value === null ? "–" : measured(point.value, point.unit)}
                    {point.count !== null && point.count > 0 && point.min !== null && point.max !== null && (
                      <div class="faint">
                        {point.count} × {measured(point.min, point.unit)} to {measured(point.max, point.unit)}
                      </div>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </div>
  );
}

function None() {
  return <p class="padded faint">No measurements of this invocation are here.</p>;
}

function Measure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>
        <Key name={name} />
      </dt>
      <dd>
        <bdi>{value}</bdi>
      </dd>
    </div>
  );
}
