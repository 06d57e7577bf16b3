/** Small marks: each says by its shape what its colour says too. */

import type { SpanStatus } from "../api/types";
import { serviceSlot } from "./palette";
import { Outside } from "./text";

/** The outcome: a filled triangle is an error, a ring is running, a tick is well. */
export function Outcome({
  status,
  complete = true,
  words = false,
}: {
  status: SpanStatus;
  complete?: boolean;
  words?: boolean;
}) {
  const [kind, label] = status === "error" ? ["error", "Error"] : !complete ? ["open", "Incomplete"] : ["ok", "OK"];
  return (
    <span class={`outcome outcome-${kind}`}>
      <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
        {kind === "error" && (
          <path
            d="M6 1 11.4 10.8H.6Z M5.4 4.4v3h1.2v-3Z M5.4 8.3v1.2h1.2V8.3Z"
            fill="currentColor"
            fill-rule="evenodd"
          />
        )}
        {kind === "open" && (
          <circle cx="6" cy="6" r="4.2" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="2.4 2" />
        )}
        {kind === "ok" && (
          <path
            d="m2 6.4 2.8 2.8L10.2 3"
            fill="none"
            stroke="currentColor"
            stroke-width="1.7"
            stroke-linecap="round"
            stroke-linejoin="round"
          />
        )}
      </svg>
      {words ? label : <span class="sr-only">{label}</span>}
    </span>
  );
}

/** A service: a square of its colour and its name. */
export function Service({ name }: { name: string }) {
  return (
    <span class="service" data-slot={serviceSlot(name)}>
      <Outside text={name} />
    </span>
  );
}
