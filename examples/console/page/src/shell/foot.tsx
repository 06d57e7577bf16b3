/** The foot of the page: where telemetry comes in, what is here, and whether the page hears of news. */

import type { Status } from "../api/types";
import { connection } from "../live";
import { bytes, compact, percent } from "../ui/format";
import { Copy } from "../ui/text";
import { tip } from "../ui/tooltip";
import { useStatus } from "./status";

const WORDS = { connecting: "Connecting", open: "Live", lost: "Connection lost", file: "File" } as const;

export function Foot() {
  const status = useStatus();
  const state = connection.value;
  const refused = status === null ? 0 : Object.values(status.rejected).reduce((sum, count) => sum + count, 0);
  const endpoint = status?.ingest[0];
  return (
    <footer class="foot">
      <span class={`connection connection-${state}`} role="status">
        {WORDS[state]}
      </span>
      {status !== null && (
        <>
          {endpoint === undefined ? (
            <span class="warning">Port 4318 was taken: nothing comes in over OTLP</span>
          ) : (
            <span class="foot-endpoint">
              OTLP <code>{endpoint}</code> <Copy text={`OTEL_EXPORTER_OTLP_ENDPOINT=${endpoint}`} />
            </span>
          )}
          {status.xray !== null && (
            <span class="foot-more">
              X-Ray <code>{status.xray}</code>
            </span>
          )}
          <span class="spring" />
          {refused > 0 && (
            <span class="warning" {...tip(<Refused status={status} />)} tabIndex={0}>
              {compact(refused)} refused
            </span>
          )}
          <span>{compact(status.spans)} spans</span>
          <span class="foot-more">{compact(status.logs)} logs</span>
          <span
            class="foot-more"
            tabIndex={0}
            {...tip(
              status.evicted_requests > 0
                ? `${compact(status.evicted_requests)} of the oldest requests were dropped to stay below the limit`
                : "The oldest requests are dropped at the limit",
            )}
          >
            {bytes(status.bytes)} of {bytes(status.limit_bytes)} ({percent(status.bytes / status.limit_bytes)})
          </span>
          <span class="foot-more">{status.kept ? "Kept in a file" : "Kept until it ends"}</span>
        </>
      )}
    </footer>
  );
}

function Refused({ status }: { status: Status }) {
  const parts = Object.entries(status.rejected).filter(([, count]) => count > 0);
  return <>Came in and could not be read: {parts.map(([what, count]) => `${compact(count)} ${what}`).join(", ")}</>;
}
