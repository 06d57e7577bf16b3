/** Chooses the operation that the heat map shows, from a list with its counts and percentiles. */

import { useEffect, useRef, useState } from "preact/hooks";
import { apiPath } from "../api/client";
import type { Operation, Operations } from "../api/types";
import { useAsk } from "../api/use-ask";
import { filterParameters } from "../filters";
import { compact, duration } from "../ui/format";
import { Service } from "../ui/marks";
import { Loading, Problem } from "../ui/states";
import { Outside } from "../ui/text";

/** `null` among the rows stands for everything that begins work. */
type Choice = Operation | null;

export function OperationPicker({
  chosen,
  onChoose,
}: {
  chosen: readonly string[];
  onChoose: (operation: string | null) => void;
}) {
  const [open, setOpen] = useState(false);
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const { from, to, service } = filterParameters.value;
  const wanted = open || chosen.length > 0;
  const { data, error } = useAsk<Operations>(
    wanted ? apiPath(["operations"], { from, to, service, limit: 500 }) : null,
  );
  const operations = data?.operations ?? [];
  const known = operations.find(({ operation }) => String(operation) === chosen[0]) ?? null;
  const words = text.toLowerCase().split(/\s+/);
  const found = operations.filter(({ service, name, kind }) =>
    words.every((word) => `${service} ${name} ${kind}`.toLowerCase().includes(word)),
  );
  const choices: Choice[] = text === "" ? [null, ...found] : found;

  useEffect(() => {
    if (!open) return;
    const outside = (event: PointerEvent): void => {
      if (!(event.target instanceof Node) || box.current?.contains(event.target) !== true) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);

  const take = (choice: Choice): void => {
    onChoose(choice === null ? null : String(choice.operation));
    setOpen(false);
    button.current?.focus();
  };
  const key = (event: KeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by !== undefined) {
      event.preventDefault();
      const next = Math.max(0, Math.min(choices.length - 1, at + by));
      setAt(next);
      requestAnimationFrame(() =>
        box.current?.querySelector(`#operation-${next}`)?.scrollIntoView({ block: "nearest" }),
      );
    } else if (event.key === "Enter") {
      event.preventDefault();
      const choice = choices[at];
      if (choice !== undefined) take(choice);
    } else if (event.key === "Escape") {
      event.preventDefault();
      setOpen(false);
      button.current?.focus();
    }
  };

  return (
    <div class="operations" ref={box}>
      <button
        ref={button}
        class="operation-chosen"
        aria-haspopup="listbox"
        aria-expanded={open}
        onClick={() => {
          setOpen(!open);
          setText("");
          setAt(0);
        }}
      >
        <span class="sr-only">Operation: </span>
        {chosen.length > 1 ? (
          `${chosen.length} operations`
        ) : known !== null ? (
          <>
            <Service name={known.service} />
            <Outside text={known.name} class="operation-name" />
          </>
        ) : chosen.length === 1 ? (
          `Operation ${chosen[0]?.slice(0, 12)}`
        ) : (
          "All entry points"
        )}
        <svg viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
          <path d="m1.5 3 3.5 4 3.5-4" fill="none" stroke="currentColor" stroke-width="1.5" />
        </svg>
      </button>
      {open && (
        <div class="operation-list">
          <input
            type="text"
            role="combobox"
            aria-label="Look for an operation"
            aria-expanded="true"
            aria-controls="operation-options"
            aria-activedescendant={choices.length > 0 ? `operation-${at}` : undefined}
            placeholder="Look for an operation"
            autocomplete="off"
            spellcheck={false}
            value={text}
            ref={(element) => {
              if (element !== null && document.activeElement !== element) element.focus();
            }}
            onInput={(event) => {
              setText(event.currentTarget.value);
              setAt(0);
            }}
            onKeyDown={key}
          />
          <div class="operation-row operation-head" aria-hidden="true">
            <span>Operation</span>
            <span>Spans</span>
            <span>Errors</span>
            <span>p50</span>
            <span>p99</span>
          </div>
          <div role="listbox" id="operation-options" aria-label="Operations">
            {choices.map((choice, index) => (
              <div
                role="option"
                id={`operation-${index}`}
                key={choice?.operation ?? "all"}
                class={`operation-row${index === at ? " at" : ""}`}
                aria-selected={choice === null ? chosen.length === 0 : chosen.includes(String(choice.operation))}
                onPointerMove={() => setAt(index)}
                onClick={() => take(choice)}
              >
                {choice === null ? <span>All entry points</span> : <Numbers operation={choice} />}
              </div>
            ))}
          </div>
          {data === null
            ? error === null && <Loading />
            : choices.length === 0 && <p class="soft operation-none">No operation has these words.</p>}
          <Problem error={error} />
        </div>
      )}
    </div>
  );
}

function Numbers({ operation }: { operation: Operation }) {
  return (
    <>
      <span class="operation-of">
        <Service name={operation.service} /> <Outside text={operation.name} class="operation-name" />{" "}
        <span class="faint">{operation.kind}</span>
      </span>
      <span>{compact(operation.count)}</span>
      <span class={operation.errors > 0 ? "operation-errors" : "faint"}>{compact(operation.errors)}</span>
      <span>{duration(operation.p50)}</span>
      <span>{duration(operation.p99)}</span>
    </>
  );
}
