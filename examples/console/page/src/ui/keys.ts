/** Keys of the screen that is shown. What is bound is also what `?` lists. */

import { signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";

export interface Binding {
  /** As `KeyboardEvent.key` has it; several do the same. */
  keys: readonly string[];
  /** What it does, for the list: "Next error". */
  does: string;
  run: (event: KeyboardEvent) => void;
}

interface Group {
  title: string;
  bindings: readonly Binding[];
}

/** The groups of keys that work now. */
export const bound = signal<readonly Group[]>([]);

/** Binds keys while the component is there: from the moment on that it is seen. */
export function useKeys(title: string, bindings: readonly Binding[]): void {
  const latest = useRef(bindings);
  latest.current = bindings;
  useLayoutEffect(() => {
    const group: Group = {
      title,
      get bindings() {
        return latest.current;
      },
    };
    bound.value = [...bound.peek(), group];
    return () => {
      bound.value = bound.peek().filter((other) => other !== group);
    };
  }, [title]);
}

/** `true` where a key is text: in a field, and with a modifier that belongs to the browser. */
export function isTyping(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return true;
  const target = event.target;
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** Begins to listen to keys. Called once. */
export function followKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || isTyping(event)) return;
    if (document.querySelector("dialog[open]") !== null) return;
    const onControl =
      event.target instanceof HTMLElement && event.target.closest("button, a, summary, [role=tab]") !== null;
    if (onControl && (event.key === "Enter" || event.key === " " || event.key.startsWith("Arrow"))) return;
    for (const group of [...bound.peek()].reverse()) {
      const binding = group.bindings.find(({ keys }) => keys.includes(event.key));
      if (binding !== undefined) {
        event.preventDefault();
        binding.run(event);
        return;
      }
    }
  });
}
