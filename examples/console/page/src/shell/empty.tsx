/** Nothing has come in yet: what to do next. */

import { Copy } from "../ui/text";
import { Nothing } from "../ui/states";
import { useStatus } from "./status";

const PIPELINE = "cargo run -p thundra-examples --bin pipeline -- --console";

/** What stands on a screen while the store is empty. */
export function NothingYet({ what }: { what: string }) {
  const endpoint = useStatus()?.ingest[0] ?? "http://127.0.0.1:4318";
  const variable = `OTEL_EXPORTER_OTLP_ENDPOINT=${endpoint}`;
  return (
    <Nothing title={`No ${what} yet`}>
      <p>Give any program this variable. It needs nothing else, and its telemetry appears here at once.</p>
      <Command text={variable} />
      <p>Or send the pipeline of the examples: an order through every kind of trigger.</p>
      <Command text={PIPELINE} />
      <p>
        Logs from CloudWatch open too: <code>aws logs tail … | thundra-console -</code>, or name a file.
      </p>
    </Nothing>
  );
}

function Command({ text }: { text: string }) {
  return (
    <div class="command">
      <code>{text}</code>
      <Copy text={text} />
    </div>
  );
}
