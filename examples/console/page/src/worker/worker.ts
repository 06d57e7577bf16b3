/** The page's worker: lays out graphs and reads large answers. */

import { ApiError, ask } from "../api/client";
import type { Request } from "../api/types";
import { buffers, columns } from "../request/columns";
import { layoutGraph } from "./graph";
import type { Job, Message, Reply } from "./messages";

const scope = globalThis as unknown as DedicatedWorkerGlobalScope;

scope.addEventListener("message", async ({ data: { number, job } }: MessageEvent<Message>) => {
  try {
    const { result, transfer } = await run(job);
    scope.postMessage({ number, result } satisfies Reply, transfer);
  } catch (error) {
    const status = error instanceof ApiError ? error.status : 0;
    const message = error instanceof Error ? error.message : String(error);
    scope.postMessage({ number, error: { status, message } } satisfies Reply);
  }
});

async function run(job: Job): Promise<{ result: unknown; transfer: Transferable[] }> {
  switch (job.kind) {
    case "graph":
      return { result: layoutGraph(job), transfer: [] };
    case "request": {
      const result = columns(await ask<Request>(job.path));
      return { result, transfer: buffers(result) };
    }
  }
}
