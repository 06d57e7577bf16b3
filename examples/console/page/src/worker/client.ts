/** Work that would stop the page for a moment, done beside it. */

import { ApiError } from "../api/client";
import type { Job, Message, Reply } from "./messages";

let worker: Worker | null = null;
let count = 0;
const waiting = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>();

function start(): Worker {
  const started = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  started.addEventListener("message", ({ data }: MessageEvent<Reply>) => {
    const job = waiting.get(data.number);
    waiting.delete(data.number);
    if ("result" in data) job?.resolve(data.result as never);
    else job?.reject(new ApiError(data.error.status, data.error.message));
  });
  started.addEventListener("error", () => {
    for (const job of waiting.values()) job.reject(new ApiError(0, "The page's worker could not be started."));
    waiting.clear();
    worker = null;
  });
  return started;
}

/** Returns the result of a job. */
export function inWorker<Result>(job: Job): Promise<Result> {
  worker ??= start();
  const message: Message = { number: (count += 1), job };
  return new Promise((resolve, reject) => {
    waiting.set(message.number, { resolve, reject });
    worker?.postMessage(message);
  });
}
