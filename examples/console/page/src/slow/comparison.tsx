/** What is different in the selection: attributes by how differently they are spread inside and outside. */

import { useState } from "preact/hooks";
import { apiPath, type Parameter } from "../api/client";
import type { Compare } from "../api/types";
import { useAsk } from "../api/use-ask";
import { adding } from "../filters";
import { href, route, setParameters } from "../router";
import { follow } from "../shell/navigation";
import { count, duration, percent, plural, time } from "../ui/format";
import { useKeys } from "../ui/keys";
import { Outcome } from "../ui/marks";
import { Loading, Problem } from "../ui/states";
import { Outside } from "../ui/text";
import { tip } from "../ui/tooltip";
import { HowTo } from "./how-to";
import { type Selection, NOTHING, compared, kind, parameters, zoomed } from "./selection";
import { type Spread, ALIKE, condition, spreads } from "./spread";

export function Comparison({ whole, selection }: { whole: Record<string, Parameter>; selection: Selection }) {
  const chosen = kind(selection);
  const answer = useAsk<Compare>(
    chosen === null ? null : apiPath(["compare"], { ...whole, ...parameters(selection), limit: 30 }),
  );
  const zoom = (): void => setParameters(zoomed(selection), true);
  useKeys("Selection", chosen === null ? [] : [{ keys: ["z"], does: "Zoom in to the selection", run: zoom }]);
  if (chosen === null) return <HowTo />;
  const { data } = answer;
  return (
    <section class="panel comparison" aria-label="What is different" aria-busy={answer.loading}>
      <div class="comparison-head">
        <h2>What is different</h2>
        <span class="spring" />
        <button
          class="quiet small"
          onClick={zoom}
          {...tip("Filter by the time and the durations of the selection (z)")}
        >
          Zoom in
        </button>
        <button class="quiet small" onClick={() => setParameters(parameters(NOTHING), true)}>
          Clear
        </button>
      </div>
      <Problem error={answer.error} />
      {data === null ? <Loading what="Comparing" /> : <Compared data={data} selection={selection} />}
    </section>
  );
}

function Compared({ data, selection }: { data: Compare; selection: Selection }) {
  const words = compared(selection);
  if (data.inside === 0)
    return <p class="comparison-note soft">No span is {words.inside}. Drag over cells that have a colour.</p>;
  const all = spreads(data);
  const scattered = all.filter((spread) => spread.scattered);
  const different = all.filter((spread) => !spread.scattered && spread.score >= ALIKE);
  const alike = all.filter((spread) => !spread.scattered && spread.score < ALIKE);
  return (
    <>
      <p class="comparison-sides">
        <span class="side side-inside">
          {plural(data.inside, "span")} {words.inside}
        </span>
        <span class="side side-outside">
          {count(data.outside)} {words.outside}
          {data.sampled ? " (sampled)" : ""}
        </span>
      </p>
      <Examples examples={data.examples} />
      {data.outside === 0 && (
        <p class="comparison-note soft">Everything is selected, so that nothing is left to compare with.</p>
      )}
      {data.outside > 0 && different.length === 0 && (
        <p class="comparison-note soft">No attribute is spread differently here.</p>
      )}
      <ol class="spreads">
        {data.outside > 0 && different.map((spread) => <SpreadOf key={spread.key} spread={spread} />)}
      </ol>
      {data.outside > 0 && <Keys title="Spread alike" spreads={alike} />}
      {data.outside > 0 && <Keys title="Too many values to compare" spreads={scattered} />}
    </>
  );
}

function short(key: string): string {
  return key.length > 80 ? `${key.slice(0, 80)}…` : key;
}

function Keys({ title, spreads }: { title: string; spreads: Spread[] }) {
  if (spreads.length === 0) return null;
  return (
    <p class="comparison-note faint">
      {title}:{" "}
      {spreads.map(({ key }, index) => (
        <span key={key}>
          {index > 0 && ", "}
          <Outside text={short(key)} />
        </span>
      ))}
    </p>
  );
}

function Examples({ examples }: { examples: Compare["examples"] }) {
  if (examples.length === 0) return null;
  return (
    <div class="examples">
      <h3>Example requests</h3>
      <ul>
        {examples.map(({ request, span, start, duration: us, status }) => (
          <li key={span}>
            <a href={href("request", request, { span })} onClick={follow}>
              <Outcome status={status} />
              <b>{duration(us)}</b>
              <Outside text={request} class="example-id" />
              <span class="faint">{time(start, "s")}</span>
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}

const FEW = 4;

function SpreadOf({ spread }: { spread: Spread }) {
  const [whole, setWhole] = useState(false);
  const values = whole ? spread.values : spread.values.slice(0, FEW);
  const more = spread.values.length - FEW;
  return (
    <li class="spread">
      <div class="spread-head">
        <h3>
          <Outside text={spread.key} />
        </h3>
        <span
          class="score"
          {...tip(`${percent(spread.score)} different: 0 % is spread alike, 100 % has nothing in common`)}
        >
          <i aria-hidden="true">
            <i style={{ width: `${spread.score * 100}%` }} />
          </i>
          {percent(spread.score)}
          <span class="sr-only"> different</span>
        </span>
      </div>
      <ul>
        {values.map((value) => (
          <li key={`${value.of}${value.label}`} class="spread-value">
            {value.of === "value" ? (
              <button
                class="spread-filter"
                onClick={() => add(spread.key, value.label, true)}
                {...tip(`Only ${spread.key} = ${value.label}`.slice(0, 300))}
              >
                <Value value={value} />
              </button>
            ) : (
              <div class="spread-filter spread-rest">
                <Value value={value} />
              </div>
            )}
            {value.of === "value" && (
              <button
                class="quiet small spread-exclude"
                aria-label={`Exclude ${spread.key} = ${value.label}`.slice(0, 300)}
                onClick={() => add(spread.key, value.label, false)}
                {...tip("Exclude")}
              >
                ≠
              </button>
            )}
          </li>
        ))}
      </ul>
      {more > 0 && (
        <button class="quiet small" aria-expanded={whole} onClick={() => setWhole(!whole)}>
          {whole ? "Fewer" : `${more} more`}
        </button>
      )}
    </li>
  );
}

function Value({ value }: { value: Spread["values"][number] }) {
  return (
    <>
      <span class="spread-label">
        {value.of === "value" ? (
          value.label === "" ? (
            <i class="faint">empty</i>
          ) : (
            <Outside text={value.label} />
          )
        ) : (
          <i class="faint">{value.label}</i>
        )}
      </span>
      <span class="spread-bars">
        <Bar side="inside" share={value.inside} number={value.insideSpans} />
        <Bar side="outside" share={value.outside} number={value.outsideSpans} />
      </span>
    </>
  );
}

function Bar({ side, share, number }: { side: "inside" | "outside"; share: number; number: number }) {
  return (
    <span class={`spread-bar spread-${side}`}>
      <i aria-hidden="true">
        <i style={{ width: `${share * 100}%` }} />
      </i>
      <span>
        <span class="sr-only">{side}: </span>
        {percent(share)}
        <span class="sr-only">, {plural(number, "span")}</span>
      </span>
    </span>
  );
}

function add(key: string, value: string, equal: boolean): void {
  setParameters(adding(route.peek().parameters, condition(key, value, equal)), true);
}
