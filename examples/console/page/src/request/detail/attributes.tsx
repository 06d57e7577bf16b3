/** The attributes of a span, of its resource, its events and links. */

import type { ComponentChildren } from "preact";
import { apiPath } from "../../api/client";
import { exported } from "../../api/exported";
import type { Attribute, Span } from "../../api/types";
import { useAsk } from "../../api/use-ask";
import { go, href, setParameters } from "../../router";
import { follow } from "../../shell/navigation";
import { bytes, count, duration, fullTime } from "../../ui/format";
import { Loading, Problem } from "../../ui/states";
import { Copy, Key, LongText, Outside } from "../../ui/text";
import { tip } from "../../ui/tooltip";
import { placeOf } from "../columns";
import type { Store } from "../store";

export function AttributesTab({ store, span }: { store: Store; span: number }) {
  const { data, error } = useAsk<Span>(apiPath(["spans", span]));
  if (data === null || data.span !== span) return error === null ? <Loading /> : <Problem error={error} />;
  const origin = store.columns.value.origin;
  const dropped = Object.entries(data.dropped).filter(([, number]) => number > 0);
  return (
    <div class="sections">
      <Section title="Attributes" count={data.attributes.length}>
        <AttributeList attributes={data.attributes} span={span} filter />
      </Section>
      {data.events.length > 0 && (
        <Section title="Events" count={data.events.length}>
          {data.events.map((event, index) => (
            <div class="span-event" key={index}>
              <p>
                <span class="mono faint">{duration(event.time - origin)}</span>{" "}
                <b>
                  <Outside text={event.name} />
                </b>
              </p>
              <AttributeList attributes={event.attributes} span={span} />
            </div>
          ))}
        </Section>
      )}
      {data.links.length > 0 && (
        <Section title="Links" count={data.links.length}>
          {data.links.map((link, index) => (
            <div class="span-event" key={index}>
              <p>
                <SpanLink store={store} span={link.span} request={link.request} id={link.span_id} />
              </p>
              <AttributeList attributes={link.attributes} span={span} />
            </div>
          ))}
        </Section>
      )}
      <Section title="Resource" count={data.resource.length}>
        <AttributeList attributes={data.resource} span={span} filter />
      </Section>
      <Section title="Span">
        <dl class="attributes">
          <Plain name="Trace id" value={data.trace_id} />
          <Plain name="Span id" value={data.span_id} />
          {data.parent_id !== null && <Plain name="Parent id" value={data.parent_id} />}
          {data.trace_state !== null && data.trace_state !== "" && (
            <Plain name="Trace state" value={data.trace_state} />
          )}
          <Plain name="Started" value={fullTime(data.start)} />
          {data.scope?.name != null && <Plain name="Scope" value={`${data.scope.name} ${data.scope.version ?? ""}`} />}
          <Plain name="Size" value={bytes(data.bytes)} />
          {dropped.length > 0 && (
            <Plain name="Dropped" value={dropped.map(([what, number]) => `${count(number)} ${what}`).join(", ")} />
          )}
        </dl>
      </Section>
    </div>
  );
}

function SpanLink({
  store,
  span,
  request,
  id,
}: {
  store: Store;
  span: number | null;
  request: string | null;
  id: string;
}) {
  const at = placeOf(store.columns.value, span);
  if (at >= 0)
    return (
      <button class="small" onClick={() => store.select(at)}>
        Go to span <span class="mono">{id}</span>
      </button>
    );
  if (span !== null && request !== null && exported === null) {
    return (
      <a href={href("request", request, { span })} onClick={follow}>
        Span <span class="mono">{id}</span> of <Outside text={request} />
      </a>
    );
  }
  return (
    <span class="faint">
      Span <span class="mono">{id}</span> is not here
    </span>
  );
}

function Section({ title, count: number, children }: { title: string; count?: number; children: ComponentChildren }) {
  if (number === 0) return null;
  return (
    <section>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Plain({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <LongText class="mono" text={value} />
        <span class="acts">
          <Copy text={value} />
        </span>
      </dd>
    </div>
  );
}

/** Returns the text of an attribute's value, as a filter has it. */
export function valueText({ value }: Attribute): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

/** Keys and values; a value can be copied, and filtered by. */
export function AttributeList({
  attributes,
  span = null,
  filter = false,
}: {
  attributes: readonly Attribute[];
  span?: number | null;
  filter?: boolean;
}) {
  return (
    <dl class="attributes">
      {attributes.map((attribute, index) => {
        const text = valueText(attribute);
        return (
          <div key={index}>
            <dt>
              <Key name={attribute.key} />
            </dt>
            <dd>
              <LongText class={attribute.type === "string" ? "" : "mono"} text={text} />
              {attribute.cut !== undefined && (
                <span class="faint">
                  {" "}
                  cut, {bytes(attribute.cut)} in all{" "}
                  {span !== null && exported === null && (
                    <button class="quiet small" onClick={() => setParameters({ tab: "raw" })}>
                      Show raw
                    </button>
                  )}
                </span>
              )}
              <span class="acts">
                <Copy text={text} />
                {filter && exported === null && text.length <= 512 && (
                  <button
                    class="quiet small"
                    onClick={() => go(href("requests", null, { where: `${attribute.key}=${text}` }))}
                    {...tip("Requests with this value")}
                  >
                    Filter by
                  </button>
                )}
              </span>
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
