/** How attributes are spread in a selection and outside of it, made ready to draw. */

import type { Compare, Sides } from "../api/types";
import type { Condition } from "../filters";

export interface SpreadValue {
  /** A value, all other values together, or spans without the attribute. */
  readonly of: "value" | "others" | "absent";
  readonly label: string;
  /** Shares of the spans of each side, from 0 to 1. */
  readonly inside: number;
  readonly outside: number;
  readonly insideSpans: number;
  readonly outsideSpans: number;
}

export interface Spread {
  readonly key: string;
  readonly score: number;
  readonly values: readonly SpreadValue[];
  /** Most spans of the selection have values that are not among those compared: an id says nothing about a group. */
  readonly scattered: boolean;
}

/** Below this score an attribute is spread alike. */
export const ALIKE = 0.05;

/** Returns the attributes, most different first; in each, the value with the greatest difference first. */
export function spreads(answer: Compare): Spread[] {
  const share = (spans: number, all: number) => (all > 0 ? Math.min(1, spans / all) : 0);
  const made = (of: SpreadValue["of"], label: string, sides: Sides): SpreadValue => ({
    of,
    label,
    insideSpans: sides.inside,
    outsideSpans: sides.outside,
    inside: share(sides.inside, answer.inside),
    outside: share(sides.outside, answer.outside),
  });
  return answer.attributes.map(({ key, score, values, others, absent }) => ({
    key,
    score: Math.min(1, Math.max(0, score)),
    scattered: others.inside > answer.inside / 2,
    values: [
      ...values.map((each) => made("value", each.value, each)),
      made("others", "other values", others),
      made("absent", "without it", absent),
    ]
      .filter(({ insideSpans, outsideSpans }) => insideSpans + outsideSpans > 0)
      .sort((a, b) => difference(b) - difference(a)),
  }));
}

function difference({ inside, outside }: SpreadValue): number {
  return Math.abs(inside - outside);
}

/** Returns the condition of the filter's field that asks for a value, or that excludes it. */
export function condition(key: string, value: string, equal: boolean): Condition {
  if (equal && key === "service.name") return { parameter: "service", value };
  if (equal && (key === "name" || key === "status" || key === "kind")) return { parameter: key, value };
  return { parameter: "where", value: `${key}${equal ? "=" : "!="}${value}` };
}
