/** The field of filters: conditions as chips, and completion of keys and values. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { apiPath } from "../api/client";
import type { AttributeKeys, AttributeValues } from "../api/types";
import { useAsk } from "../api/use-ask";
import { adding, conditions, LASTS, parseCondition, removing, type Condition } from "../filters";
import { route, setParameters } from "../router";
import { duration } from "../ui/format";
import { useKeys } from "../ui/keys";

interface Properties {
  /** Whether words without a key are looked for (`q`). */
  words?: boolean;
  /** Conditions that the screen does not take. */
  without?: readonly Condition["parameter"][];
}

const FIELDS = [
  { key: "service", about: "a service" },
  { key: "name", about: "a span's name" },
  { key: "status", about: "ok or error" },
  { key: "kind", about: "server, client, consumer …" },
  { key: "duration>", about: "at least" },
  { key: "duration<", about: "less than" },
];
const VALUES: Record<string, string[]> = {
  status: ["error", "ok", "unset"],
  kind: ["server", "client", "producer", "consumer", "internal"],
};
const MOST = 12;

export function FilterBar({ words = false, without = [] }: Properties) {
  const text = useSignal("");
  const open = useSignal(false);
  const chosen = useSignal(-1);
  const field = useRef<HTMLInputElement>(null);
  const parameters = route.value.parameters;
  const shown = conditions(parameters).filter(
    ({ parameter }) => (words || parameter !== "q") && !without.includes(parameter),
  );
  const suggestions = useSuggestions(open.value ? text.value : null, without);

  useKeys("Filter", [{ keys: ["/"], does: "Filter", run: () => field.current?.focus() }]);
  useEffect(() => {
    chosen.value = -1;
  }, [text.value]);

  const add = (typed: string): void => {
    const condition = parseCondition(typed);
    if (condition === null || (condition.parameter === "q" && !words)) return;
    if (condition.parameter !== "q" && condition.value === "") return;
    setParameters({ ...adding(parameters, condition), offset: null }, true);
    text.value = "";
    open.value = false;
  };
  const take = (suggestion: Suggestion): void => {
    if (suggestion.whole) add(suggestion.text);
    else text.value = suggestion.text;
    field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = chosen.value;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      open.value = true;
      const next = at + (event.key === "ArrowDown" ? 1 : -1);
      chosen.value = Math.max(-1, Math.min(suggestions.length - 1, next));
    } else if (event.key === "Enter") {
      event.preventDefault();
      const suggestion = suggestions[at];
      if (suggestion === undefined) add(text.value);
      else take(suggestion);
    } else if (event.key === "Tab" && open.value && suggestions.length > 0 && text.value !== "" && !event.shiftKey) {
      event.preventDefault();
      take(suggestions[Math.max(0, at)] as Suggestion);
    } else if (event.key === "Escape") {
      if (open.value && suggestions.length > 0) open.value = false;
      else field.current?.blur();
    } else if (event.key === "Backspace" && text.value === "") {
      const last = shown.at(-1);
      if (last !== undefined) setParameters({ ...removing(parameters, last), offset: null }, true);
    }
  };

  return (
    <div class="filter-bar">
      <div
        class="filter"
        onClick={(event) => {
          if (event.target === event.currentTarget) field.current?.focus();
        }}
      >
        <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
          <path d="M2 3.5h12M4.5 8h7M7 12.5h2" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" />
        </svg>
        {shown.map((condition) => (
          <span class="condition" key={`${condition.parameter} ${condition.value}`}>
            <bdi>{wording(condition)}</bdi>
            <button
              aria-label={`Remove ${wording(condition)}`}
              onClick={() => setParameters({ ...removing(parameters, condition), offset: null }, true)}
            >
              ×
            </button>
          </span>
        ))}
        <input
          ref={field}
          type="text"
          role="combobox"
          aria-label="Filter"
          aria-expanded={open.value && suggestions.length > 0}
          aria-controls="filter-suggestions"
          aria-autocomplete="list"
          aria-activedescendant={chosen.value < 0 ? undefined : `filter-suggestion-${chosen.value}`}
          autocomplete="off"
          spellcheck={false}
          placeholder={
            shown.length > 0
              ? ""
              : words
                ? "Filter by service, status, duration>200ms, any attribute, or an id"
                : "Filter by service, status, or any attribute"
          }
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value;
            open.value = true;
          }}
          onFocus={() => (open.value = true)}
          onBlur={() => (open.value = false)}
          onKeyDown={onKeyDown}
        />
        {shown.length === 0 && (
          <kbd class="hint" aria-hidden="true">
            /
          </kbd>
        )}
        {open.value && suggestions.length > 0 && (
          <div class="suggestions" id="filter-suggestions" role="listbox" aria-label="Completions">
            {suggestions.map((suggestion, index) => (
              <div
                role="option"
                id={`filter-suggestion-${index}`}
                key={suggestion.text}
                aria-selected={index === chosen.value}
                onPointerDown={(event) => {
                  event.preventDefault();
                  take(suggestion);
                }}
              >
                <bdi>{suggestion.text}</bdi>
                <span>{suggestion.about}</span>
              </div>
            ))}
          </div>
        )}
      </div>
      <LastChoice />
    </div>
  );
}

function LastChoice() {
  const { parameters } = route.value;
  const last = parameters.get("last") ?? "";
  const bounded = last === "" && (parameters.has("from") || parameters.has("to"));
  return (
    <select
      aria-label="Time"
      value={bounded ? "chosen" : last}
      onChange={(event) => setParameters({ last: event.currentTarget.value, from: null, to: null, offset: null }, true)}
    >
      {bounded && <option value="chosen">Chosen time</option>}
      {LASTS.map(([value, label]) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </select>
  );
}

/** Returns how the field shows a condition. */
export function wording({ parameter, value }: Condition): string {
  switch (parameter) {
    case "min":
      return `duration ≥ ${duration(Number(value))}`;
    case "max":
      return `duration < ${duration(Number(value))}`;
    case "where":
      return value.replace(/^([^=!]*)(!?=)/, "$1 $2 ");
    case "q":
      return `“${value}”`;
    default:
      return `${parameter} = ${value}`;
  }
}

interface Suggestion {
  text: string;
  about: string;
  /** Taking it adds the condition, else it goes on being typed. */
  whole: boolean;
}

/** Returns completions of what is typed; `null` is a field without focus. */
function useSuggestions(text: string | null, without: readonly string[]): Suggestion[] {
  const asked = text !== null;
  const typed = text ?? "";
  const equal = /^([^\s=!<>"]+)(!?=)(.*)$/.exec(typed);
  const key = equal?.[1] ?? null;
  const attribute = key === "service" ? "service.name" : key;
  const keys = useAsk<AttributeKeys>(asked ? apiPath(["attributes"]) : null).data?.keys ?? [];
  const askable = attribute !== null && VALUES[attribute] === undefined && attribute !== "name";
  const values = useAsk<AttributeValues>(
    asked && askable ? apiPath(["attributes", attribute], { limit: 200 }) : null,
  ).data;

  if (!asked) return [];
  if (key !== null && equal !== null) {
    const begun = (equal[3] ?? "").toLowerCase();
    const fixed = VALUES[key]?.map((value) => ({ value, spans: null as number | null }));
    const known = fixed ?? (values?.key === attribute ? values.values : []);
    return known
      .filter(({ value }) => value.toLowerCase().includes(begun))
      .slice(0, MOST)
      .map(({ value, spans }) => ({
        text: `${key}${equal[2]}${value}`,
        about: spans === null ? "" : `${spans} spans`,
        whole: true,
      }));
  }
  const begun = typed.trim().toLowerCase();
  const fields = FIELDS.filter(
    ({ key }) => !without.includes(key) && !(key.startsWith("duration") && without.includes("min")),
  ).map(({ key, about }) => ({ text: key.startsWith("duration") ? key : `${key}=`, about, whole: false }));
  const others = keys.map(({ key, of }) => ({ text: `${key}=`, about: of, whole: false }));
  return [...fields, ...others].filter(({ text }) => text.toLowerCase().includes(begun)).slice(0, MOST);
}
