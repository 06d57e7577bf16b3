/** The filters that all screens share: parameters of the URL, of the API, and words of the filter's field. */

import { computed } from "@preact/signals";
import type { Parameter } from "./api/client";
import { batch } from "./live";
import { leftParameters, route, type Changes } from "./router";
import { parseDuration } from "./ui/format";

/** The parameters that go along from screen to screen. */
export const FILTERS = ["last", "from", "to", "service", "name", "kind", "status", "min", "max", "where"] as const;

/** One condition, as the field shows it. */
export interface Condition {
  /** The parameter of the URL. */
  parameter: "service" | "name" | "kind" | "status" | "min" | "max" | "where" | "q";
  value: string;
}

const FIELDS = new Set(["service", "name", "kind", "status"]);

/** Reads one word of the field: `service=orders`, `duration>200ms`, `tenant_id!=t7`, or text to look for. */
export function parseCondition(text: string): Condition | null {
  const word = text.trim();
  if (word === "") return null;
  const compared = /^duration\s*(>=?|<=?)\s*(.+)$/.exec(word);
  if (compared !== null) {
    const duration = parseDuration(compared[2] ?? "");
    if (duration !== null) return { parameter: compared[1]?.startsWith(">") ? "min" : "max", value: String(duration) };
  }
  const equal = /^([^\s=!<>"]+)\s*(!?=)\s*(.*)$/.exec(word);
  if (equal !== null) {
    const [, key = "", operator = "="] = equal;
    const value = (equal[3] ?? "").replace(/^"(.*)"$/, "$1");
    if (operator === "=" && FIELDS.has(key)) return { parameter: key as Condition["parameter"], value };
    const attribute = key === "service" ? "service.name" : key;
    return { parameter: "where", value: `${attribute}${operator}${value}` };
  }
  return { parameter: "q", value: word.replace(/^"(.*)"$/, "$1") };
}

/** Returns the conditions of the URL, in the order in which the field shows them. */
export function conditions(parameters: URLSearchParams): Condition[] {
  const found: Condition[] = [];
  for (const parameter of ["service", "name", "kind", "status", "min", "max", "where", "q"] as const) {
    for (const value of parameters.getAll(parameter)) found.push({ parameter, value });
  }
  return found;
}

/** Returns the changes that add a condition: a list grows, any other is replaced. */
export function adding(parameters: URLSearchParams, { parameter, value }: Condition): Changes {
  if (parameter !== "service" && parameter !== "where") return { [parameter]: value };
  return { [parameter]: [...new Set([...parameters.getAll(parameter), value])] };
}

/** Returns the changes that remove a condition. */
export function removing(parameters: URLSearchParams, { parameter, value }: Condition): Changes {
  return { [parameter]: parameters.getAll(parameter).filter((other) => other !== value) };
}

/** The spans of time to choose from, in the URL's `last`. */
export const LASTS: readonly (readonly [value: string, label: string])[] = [
  ["", "All time"],
  ["5m", "Last 5 minutes"],
  ["15m", "Last 15 minutes"],
  ["1h", "Last hour"],
  ["24h", "Last day"],
];

/** Returns the microseconds of `15m`, or `null`. */
export function parseLast(text: string | null): number | null {
  const match = /^(\d{1,6})([smhd])$/.exec(text ?? "");
  if (match === null) return null;
  const unit = { s: 1e6, m: 60e6, h: 3600e6, d: 86400e6 }[match[2] as "s" | "m" | "h" | "d"];
  return Number(match[1]) * unit;
}

/** Moves on with each batch and each step of the page, so that "the last hour" does; between them it stands still. */
const now = computed(() => {
  void batch.value;
  void route.value;
  return Date.now() * 1000;
});

/** Returns the beginning of the last `last`, in steps: an answer is not asked for again because of a millisecond. */
export function since(now: number, last: number): number {
  const step = Math.max(1e6, last / 100);
  return Math.floor((now - last) / step) * step;
}

/** The parameters of a route that has *filters*. */
export const filterParameters = computed((): Record<string, Parameter> => {
  const parameters = route.value.parameters;
  const last = parseLast(parameters.get("last"));
  return {
    from: last === null ? parameters.get("from") : since(now.value, last),
    to: last === null ? parameters.get("to") : null,
    service: parameters.getAll("service"),
    name: parameters.get("name"),
    kind: parameters.get("kind"),
    status: parameters.get("status"),
    min: parameters.get("min"),
    max: parameters.get("max"),
    where: parameters.getAll("where"),
  };
});

/** The filters for a link to another screen: those of the URL, or on Request those of the screen that led there. */
export function keptFilters(): Changes {
  const parameters = route.value.screen === "request" ? leftParameters() : route.value.parameters;
  const kept: Record<string, string[]> = {};
  for (const name of FILTERS) {
    const values = parameters.getAll(name);
    if (values.length > 0) kept[name] = values;
  }
  return kept;
}
