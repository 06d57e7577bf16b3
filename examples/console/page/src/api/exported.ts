/**
 * The exported page: one HTML file with a request inside, which asks nothing of the network. Its element
 * `thundra-request` holds an object from path to answer.
 */

import { ApiError } from "./client";

function read(): Record<string, unknown> | null {
  const element = typeof document === "undefined" ? null : document.getElementById("thundra-request");
  if (element === null) return null;
  try {
    return JSON.parse(element.textContent ?? "") as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** The answers inside the page, or `null` where a console is behind it. */
export const exported = read();

/** The request inside the page. */
export function exportedRequest(): string | null {
  for (const path of Object.keys(exported ?? {})) {
    const match = /^\/api\/v1\/requests\/([^/?]+)$/.exec(path);
    if (match?.[1] !== undefined) return decodeURIComponent(match[1]);
  }
  return null;
}

/** Returns the answer to a path. Fails with 404 where the file does not hold it. */
export function exportedAnswer(path: string): string {
  const answer = exported?.[path];
  if (answer === undefined) throw new ApiError(404, "The exported file does not hold this.");
  return typeof answer === "string" ? answer : JSON.stringify(answer);
}
