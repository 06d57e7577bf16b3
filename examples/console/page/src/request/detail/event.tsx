/** The event that began the work, and the line that runs it again. */

import { apiPath } from "../../api/client";
import type { SpanEvent } from "../../api/types";
import { useAsk } from "../../api/use-ask";
import { Loading, Problem } from "../../ui/states";
import { Copy, LongText } from "../../ui/text";

/** Returns JSON with a line for each member, or the text as it is. */
export function indented(text: string): string {
  if (text.length > 2_000_000) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

export function EventTab({ span }: { span: number }) {
  const { data, error } = useAsk<SpanEvent>(apiPath(["spans", span, "event"]));
  if (data === null) return error === null ? <Loading /> : <Problem error={error} />;
  if (data.event === null) {
    return (
      <p class="padded faint">
        The event was not captured. <code>THUNDRA_CAPTURE_PAYLOADS=errors</code> captures those of invocations that
        fail, <code>always</code> all, masked.
      </p>
    );
  }
  const { event, command } = data;
  return (
    <div class="sections">
      {command !== null && (
        <section>
          <h3>Run it again</h3>
          <div class="command">
            <code>{command}</code>
            <Copy text={command} />
          </div>
        </section>
      )}
      <section>
        <h3>
          Event <Copy text={event} />
        </h3>
        <pre>
          <LongText text={indented(event)} most={20_000} />
        </pre>
      </section>
    </div>
  );
}
