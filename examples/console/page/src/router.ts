/**
 * The URL is the state: the screen, what it filters by, and what is selected. A link is therefore a state, and back
 * and forward work. An exported page keeps its state in the fragment, since it is a file.
 */

import { computed, signal } from "@preact/signals";
import { exported, exportedRequest } from "./api/exported";

export const SCREENS = ["requests", "request", "map", "slow", "cost", "invocations"] as const;
export type Screen = (typeof SCREENS)[number];

export interface Route {
  screen: Screen;
  /** The request of the screen Request. */
  id: string | null;
  parameters: URLSearchParams;
}

/** Changes of parameters: `null` removes one, a list repeats it. */
export type Changes = Record<string, string | number | readonly string[] | null>;

/** Reads a path and a query. What is no screen is Requests. */
export function parseRoute(path: string, query: string): Route {
  const parameters = new URLSearchParams(query);
  const [first = "", second] = path.replace(/^\/+/, "").split("/");
  if (first === "requests" && second !== undefined && second !== "") {
    return { screen: "request", id: decode(second), parameters };
  }
  const screen = SCREENS.find((screen) => screen === first && screen !== "request") ?? "requests";
  return { screen, id: null, parameters };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Returns the parameters with changes. */
export function changed(parameters: URLSearchParams, changes: Changes): URLSearchParams {
  const next = new URLSearchParams(parameters);
  for (const [name, value] of Object.entries(changes)) {
    next.delete(name);
    if (value === null || value === "") continue;
    for (const one of Array.isArray(value) ? (value as readonly string[]) : [String(value)]) next.append(name, one);
  }
  return next;
}

/** Returns the link of a screen. */
export function href(screen: Screen, id: string | null = null, changes: Changes = {}): string {
  const path = screen === "request" ? `/requests/${encodeURIComponent(id ?? "")}` : `/${screen}`;
  const query = changed(new URLSearchParams(), changes).toString();
  const link = query === "" ? path : `${path}?${query}`;
  return exported === null ? link : `#${link}`;
}

function current(): Route {
  if (typeof location === "undefined") return parseRoute("/", "");
  return parseLink(exported === null ? location.pathname + location.search : location.hash);
}

function parseLink(link: string): Route {
  const [path = "", query = ""] = link.replace(/^#/, "").split("?");
  const route = parseRoute(path, query);
  if (exported === null || route.screen === "request") return route;
  return { ...route, screen: "request", id: exportedRequest() };
}

const state = signal<Route>(current());

/** Where each screen was last. */
const last = new Map<Screen, string>();
/** The parameters of the last screen but Request. */
let left = new URLSearchParams();

/** Returns the link to a screen as it was left, or to the screen alone. */
export function leftAt(screen: Exclude<Screen, "request">): string {
  return last.get(screen) ?? href(screen);
}

/** Returns the parameters of the screen that led to a request. */
export function leftParameters(): URLSearchParams {
  return left;
}

function arrive(): void {
  const { screen, parameters } = state.peek();
  if (screen === "request") return;
  left = parameters;
  const query = parameters.toString();
  last.set(screen, query === "" ? href(screen) : `${href(screen)}?${query}`);
}

/** Where the page is. */
export const route = computed(() => state.value);

/** Browsers refuse to change the address hundreds of times in a few seconds, as a key that is held down would. */
const PAUSE_MS = 150;
let unwritten: string | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

function write(): void {
  clearTimeout(timer);
  timer = undefined;
  if (unwritten !== null) history.replaceState(null, "", unwritten);
  unwritten = null;
}

if (typeof window !== "undefined") {
  arrive();
  const read = (): void => {
    clearTimeout(timer);
    timer = undefined;
    unwritten = null;
    state.value = current();
    arrive();
  };
  window.addEventListener("popstate", read);
  window.addEventListener("hashchange", read);
  window.addEventListener("pagehide", write);
}

/** Goes to a link that `href` made. Replacing it is cheap, and may be done with every movement of the pointer. */
export function go(link: string, replace = false): void {
  if (replace) {
    unwritten = link;
    timer ??= setTimeout(write, PAUSE_MS);
  } else {
    write();
    history.pushState(null, "", link);
  }
  state.value = parseLink(link);
  arrive();
}

/** Changes parameters of the screen; `push` makes a step that *back* undoes. */
export function setParameters(changes: Changes, push = false): void {
  const { screen, id, parameters } = state.peek();
  const entries: Record<string, string[]> = {};
  for (const [name, value] of changed(parameters, changes)) (entries[name] ??= []).push(value);
  go(href(screen, id, entries), !push);
}

/** Returns a parameter, or `null`. Subscribes to the route. */
export function parameter(name: string): string | null {
  return route.value.parameters.get(name);
}
