/** The list of keys that work now. */

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { bound, type Binding } from "../ui/keys";

export const helpShown = signal(false);

const NAMES: Record<string, string> = {
  ArrowDown: "↓",
  ArrowUp: "↑",
  ArrowLeft: "←",
  ArrowRight: "→",
  Enter: "⏎",
  Escape: "Esc",
  PageDown: "Page ↓",
  PageUp: "Page ↑",
  " ": "Space",
};

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (helpShown.value) dialog.current?.showModal();
  }, [helpShown.value]);
  if (!helpShown.value) return null;
  return (
    <dialog
      class="help"
      ref={dialog}
      aria-label="Keys"
      onClose={() => (helpShown.value = false)}
      onClick={(event) => {
        if (event.target === dialog.current) dialog.current?.close();
      }}
    >
      <div class="help-body">
        {[...groups()].map(([title, bindings]) => (
          <section key={title}>
            <h2>{title}</h2>
            <dl>
              {bindings.map(({ keys, does }) => (
                <div key={does}>
                  <dt>
                    {keys.map((key) => (
                      <kbd key={key}>{NAMES[key] ?? key}</kbd>
                    ))}
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <button class="quiet" onClick={() => dialog.current?.close()}>
        Close
      </button>
    </dialog>
  );
}

/** Returns the keys by the title of their group. */
function groups(): Map<string, Binding[]> {
  const by = new Map<string, Binding[]>();
  for (const { title, bindings } of bound.value) {
    if (bindings.length > 0) by.set(title, [...(by.get(title) ?? []), ...bindings]);
  }
  return by;
}
