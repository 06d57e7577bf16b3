/** A screen has nothing to show: the store is empty, or nothing in it passes the filters. */

import type { ComponentChildren } from "preact";
import type { Status } from "../api/types";
import { Copy } from "../ui/text";
import { Loading, Nothing } from "../ui/states";
import { useStatus } from "./status";

const PIPELINE = "cargo run -p thundra-examples --bin pipeline -- --console";

/**
 * What stands on a screen whose answer is empty: what to do next where the store is empty too, the children where it is
 * not. Which of them is true is unknown before the first status.
 */
export function Empty({ what, children }: { what: string; children: ComponentChildren }) {
  const status = useStatus();
  if (status === null) return <Loading />;
  return status.spans === 0 ? <NothingYet what={what} status={status} /> : <>{children}</>;
}

/** What stands on a screen while the store is empty. */
export function NothingYet({ what, status }: { what: string; status: Status }) {
  const variable = `OTEL_EXPORTER_OTLP_ENDPOINT=${status.ingest[0] ?? "http://127.0.0.1:4318"}`;
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
