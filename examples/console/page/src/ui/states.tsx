/** What stands where there is nothing to show yet. */

import type { ComponentChildren } from "preact";
import type { ApiError } from "../api/client";

/** Something went wrong; what was shown before stays below it. */
export function Problem({ error }: { error: ApiError | null }) {
  return error === null ? null : (
    <p class="problem" role="alert">
      {error.message}
    </p>
  );
}

/** Nothing is here, and what to do about it. */
export function Nothing({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="nothing">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** Waiting for the first answer. */
export function Loading({ what = "Loading" }: { what?: string }) {
  return (
    <p class="loading" role="status">
      {what}…
    </p>
  );
}
