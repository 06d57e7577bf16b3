/** Search, errors, and what is drawn; and the keys of the screen. */

import { useRef } from "preact/hooks";
import { setParameters } from "../router";
import { count } from "../ui/format";
import { useKeys } from "../ui/keys";
import { Outside } from "../ui/text";
import { tip } from "../ui/tooltip";
import { nameOf } from "./columns";
import type { Store } from "./store";

export function Toolbar({ store }: { store: Store }) {
  const field = useRef<HTMLInputElement>(null);
  const columns = store.columns.value;
  const matches = store.matches.value;
  const selected = store.selected.value;
  const errors = columns.errorOrder;
  const toggle = (name: string, on: boolean): void => setParameters({ [name]: on ? "1" : null });
  const rootHere = (): void => {
    if (store.root.peek() >= 0 && (store.root.peek() === store.selected.peek() || store.selected.peek() < 0))
      setParameters({ root: null });
    else if (store.selected.peek() >= 0) setParameters({ root: columns.span[store.selected.peek()] ?? null });
  };
  const fold = (on: boolean): void => {
    const node = store.cursor.peek();
    if (node < 0) return;
    if (store.isParent(node) && store.isFolded(node) !== on) store.fold(node, on);
    else if (on) {
      const above = store.outline.peek().above[store.outline.peek().position[node] ?? -1] ?? -1;
      if (above >= 0) store.select(store.outline.peek().node[above] ?? 0);
    } else if (store.isParent(node)) store.move(1);
  };
  const middle = (): number => (store.view.peek().from + store.view.peek().to) / 2;

  useKeys("Request", [
    { keys: ["j", "ArrowDown"], does: "Next span", run: () => store.move(1) },
    { keys: ["k", "ArrowUp"], does: "Previous span", run: () => store.move(-1) },
    { keys: ["ArrowRight", "l"], does: "Unfold, then go inside", run: () => fold(false) },
    { keys: ["ArrowLeft", "h"], does: "Fold, then go out", run: () => fold(true) },
    { keys: ["PageDown"], does: "20 spans down", run: () => store.move(20) },
    { keys: ["PageUp"], does: "20 spans up", run: () => store.move(-20) },
    { keys: ["Home"], does: "First span", run: () => store.moveTo("first") },
    { keys: ["End"], does: "Last span", run: () => store.moveTo("last") },
    { keys: ["["], does: "Fold all", run: () => store.foldAll(true) },
    { keys: ["]"], does: "Unfold all", run: () => store.foldAll(false) },
    { keys: ["n"], does: "Next error", run: () => store.step(errors, true) },
    { keys: ["p"], does: "Previous error", run: () => store.step(errors, false) },
    {
      keys: ["/"],
      does: "Search inside",
      run: () => {
        field.current?.focus();
        field.current?.select();
      },
    },
    { keys: ["c"], does: "Critical path", run: () => toggle("critical", !store.critical.peek()) },
    { keys: ["x"], does: "All links", run: () => toggle("links", !store.links.peek()) },
    {
      keys: ["z"],
      does: "Zoom to the span",
      run: () => {
        if (store.cursor.peek() >= 0) store.zoomTo(store.cursor.peek());
      },
    },
    { keys: ["0"], does: "All of the time", run: () => store.setView(null) },
    { keys: ["+", "="], does: "Zoom in", run: () => store.zoom(middle(), 0.6) },
    { keys: ["-"], does: "Zoom out", run: () => store.zoom(middle(), 1 / 0.6) },
    { keys: ["r"], does: "Root here, and back", run: rootHere },
    { keys: ["o"], does: "Logs of the request", run: () => setParameters({ tab: "logs", of: "request" }) },
    {
      keys: ["Escape"],
      does: "Close, step by step",
      run: () => {
        if (store.open.peek()) {
          setParameters({ span: null, tab: null, of: null });
          store.select(-1);
        } else if (store.wanted.peek() !== "") setParameters({ find: null });
        else if (store.root.peek() >= 0) setParameters({ root: null });
        else store.setView(null);
      },
    },
  ]);

  const at = matches.indexOf(selected);
  const atError = errors.indexOf(selected);
  const zoomed = store.view.value.from > store.whole.value.from || store.view.value.to < store.whole.value.to;
  return (
    <div class="toolbar" role="toolbar" aria-label="Request">
      <div class="search">
        <svg viewBox="0 0 16 16" width="13" height="13" aria-hidden="true">
          <circle cx="7" cy="7" r="4.2" fill="none" stroke="currentColor" stroke-width="1.5" />
          <path d="m10.2 10.2 3.3 3.3" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" />
        </svg>
        <input
          ref={field}
          type="text"
          aria-label="Search inside"
          placeholder="Search inside"
          spellcheck={false}
          autocomplete="off"
          value={store.wanted.value}
          onInput={(event) => setParameters({ find: event.currentTarget.value })}
          onKeyDown={(event) => {
            if (event.key === "Enter") store.step(matches, !event.shiftKey);
            else if (event.key === "Escape") {
              setParameters({ find: null });
              field.current?.blur();
            }
          }}
        />
        {store.wanted.value !== "" && (
          <span class="found" role="status">
            {matches.length === 0 ? "none" : `${at < 0 ? "–" : at + 1} / ${count(matches.length)}`}
          </span>
        )}
        {store.wanted.value === "" && (
          <kbd class="hint" aria-hidden="true">
            /
          </kbd>
        )}
      </div>
      {errors.length > 0 && (
        <div class="pair">
          <button onClick={() => store.step(errors, false)} aria-label="Previous error" {...tip("Previous error (p)")}>
            ‹
          </button>
          <span class="errors" role="status">
            {atError < 0 ? "" : `${atError + 1} / `}
            {count(errors.length)} {errors.length === 1 ? "error" : "errors"}
          </span>
          <button onClick={() => store.step(errors, true)} aria-label="Next error" {...tip("Next error (n)")}>
            ›
          </button>
        </div>
      )}
      {columns.critical.length > 0 && (
        <button
          aria-pressed={store.critical.value}
          onClick={() => toggle("critical", !store.critical.value)}
          {...tip("What, were it shorter, would shorten the request (c)")}
        >
          Critical path
        </button>
      )}
      {columns.links.length > 0 && (
        <button
          aria-pressed={store.links.value}
          onClick={() => toggle("links", !store.links.value)}
          {...tip("All links; without, those of the selected span (x)")}
        >
          Links
        </button>
      )}
      {store.root.value >= 0 && (
        <span class="condition">
          <bdi>
            Root: <Outside text={nameOf(columns, store.root.value)} />
          </bdi>
          <button aria-label="Show all of the request" onClick={() => setParameters({ root: null })}>
            ×
          </button>
        </span>
      )}
      <span class="spring" />
      <div class="pair wide">
        {zoomed && (
          <button onClick={() => store.setView(null)} {...tip("All of the time (0)")}>
            Zoom out
          </button>
        )}
        <button
          class="quiet"
          onClick={() => store.foldAll(store.folded.value.size === 0)}
          {...tip("Fold all ( [ ), unfold all ( ] )")}
        >
          {store.folded.value.size === 0 ? "Fold all" : "Unfold all"}
        </button>
        <button
          class="quiet"
          onClick={() => setParameters({ tab: "logs", of: "request" })}
          {...tip("Logs of the request (o)")}
        >
          Logs
        </button>
      </div>
    </div>
  );
}
