/** What arrives: server-sent events, resumed by sequence number. Nothing is polled. */

import { signal } from "@preact/signals";
import { exported } from "./api/exported";
import type { Batch, Seq } from "./api/types";

/** The newest batch; `null` before the first. */
export const batch = signal<Batch | null>(null);
/** Counts stores: it changes where the console was started anew, and everything is asked for again. */
export const epoch = signal(0);
export type Connection = "connecting" | "open" | "lost" | "file";
export const connection = signal<Connection>(exported === null ? "connecting" : "file");

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 15_000;

let last: Seq | null = null;
let retry = FIRST_RETRY_MS;

/** Begins to listen. Called once. */
export function listen(): void {
  if (exported !== null) return;
  const source = new EventSource(last === null ? "/api/v1/events" : `/api/v1/events?since=${last}`);
  source.addEventListener("open", () => {
    retry = FIRST_RETRY_MS;
    connection.value = "open";
  });
  source.addEventListener("batch", (event) => {
    const data = parse(event);
    if (data === null) return;
    last = data.seq;
    batch.value = data;
  });
  source.addEventListener("reset", (event) => {
    last = parse(event)?.seq ?? null;
    epoch.value += 1;
  });
  source.addEventListener("error", () => {
    connection.value = "lost";
    // The browser connects again by itself, unless the answer was no stream: then it gives up.
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(listen, retry);
    retry = Math.min(retry * 2, LONGEST_RETRY_MS);
  });
}

function parse(event: MessageEvent<string>): Batch | null {
  try {
    return JSON.parse(event.data) as Batch;
  } catch {
    return null;
  }
}
