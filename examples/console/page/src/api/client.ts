/** Asks the API, or, in an exported page, the answers that the page holds. */

import { exported, exportedAnswer } from "./exported";

/** A parameter: a list is repeated, and what is absent is left out. */
export type Parameter = string | number | boolean | readonly (string | number)[] | null | undefined;

/** What went wrong, in words for people. `status` is 0 where no answer came. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

/** Returns the path of a route below `/api/v1`, its parts and parameters encoded. */
export function apiPath(parts: readonly (string | number)[], parameters: Record<string, Parameter> = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null || value === undefined || value === "") continue;
    for (const one of Array.isArray(value) ? (value as readonly (string | number)[]) : [value]) {
      query.append(name, String(one));
    }
  }
  const path = "/api/v1/" + parts.map((part) => encodeURIComponent(part)).join("/");
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** Returns the answer of a path that `apiPath` made. Fails with an `ApiError`, or an `AbortError` if aborted. */
export async function ask<T>(path: string, signal?: AbortSignal): Promise<T> {
  return JSON.parse(await askText(path, signal)) as T;
}

/** Returns the text of an answer, for what is shown as it came. */
export async function askText(path: string, signal?: AbortSignal): Promise<string> {
  if (exported !== null) return exportedAnswer(path);
  let response: Response;
  try {
    response = await fetch(path, { headers: { accept: "application/json" }, ...(signal ? { signal } : {}) });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "The console does not answer: is it still running?");
  }
  const text = await response.text();
  if (response.ok) return text;
  throw new ApiError(response.status, refusal(response.status, text));
}

function refusal(status: number, text: string): string {
  if (status === 401) return "This link has no valid token: open the link that the console printed last.";
  try {
    const answer = JSON.parse(text) as { error?: unknown };
    if (typeof answer.error === "string") return answer.error;
  } catch {
    // Not from the console.
  }
  return `The console answered ${status}.`;
}
