/** The span as it was sent. */

import { apiPath, askText } from "../../api/client";
import { useAsk } from "../../api/use-ask";
import { Loading, Problem } from "../../ui/states";
import { Copy, LongText } from "../../ui/text";
import { indented } from "./event";

export function RawTab({ span }: { span: number }) {
  const { data, error } = useAsk<string>(apiPath(["spans", span, "raw"]), { through: askText });
  if (data === null) return error === null ? <Loading /> : <Problem error={error} />;
  return (
    <div class="sections">
      <section>
        <h3>
          OTLP/JSON <Copy text={data} />
        </h3>
        <pre>
          <LongText text={indented(data)} most={20_000} />
        </pre>
      </section>
    </div>
  );
}
