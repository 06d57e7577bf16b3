/** The mark of what is not well: a shape beside the colour. */

import { compact } from "../ui/format";
import type { Health } from "./health";

export function HealthMark({ health, errors }: { health: Health; errors: number }) {
  if (health === "well") return null;
  return (
    <span class={`health health-${health}`}>
      <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
        {health === "sick" ? (
          <path
            d="M6 .8a5.2 5.2 0 1 0 0 10.4A5.2 5.2 0 0 0 6 .8zM4 4l4 4M8 4 4 8"
            fill="currentColor"
            stroke="var(--surface)"
            stroke-width="1.4"
          />
        ) : (
          <path d="M6 1.2 11.2 10.6H.8z" fill="none" stroke="currentColor" stroke-width="1.4" stroke-linejoin="round" />
        )}
      </svg>
      {compact(errors)}
    </span>
  );
}
