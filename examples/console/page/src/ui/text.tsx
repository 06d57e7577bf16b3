/** Text from outside. It is always text, and its direction never turns the text around it. */

import { Fragment } from "preact";
import { useState } from "preact/hooks";
import { bytes } from "./format";

/** The characters that a value is cut to. */
const SHOWN = 1024;

/** A name or a short value from outside. */
export function Outside({ text, class: style }: { text: string; class?: string }) {
  return (
    <bdi {...(style === undefined ? {} : { class: style })} title={text.length > 40 ? text.slice(0, SHOWN) : undefined}>
      {text.length > 512 ? `${text.slice(0, 512)}…` : text}
    </bdi>
  );
}

/** A value of any length: the beginning, and the rest on request. */
export function LongText({ text, class: style = "", most = SHOWN }: { text: string; class?: string; most?: number }) {
  const [whole, setWhole] = useState(false);
  const long = text.length > most;
  return (
    <>
      <bdi class={`long-text ${style}`}>{long && !whole ? `${text.slice(0, most)}…` : text}</bdi>
      {long && (
        <button class="quiet small" onClick={() => setWhole(!whole)}>
          {whole ? "Show less" : `Show raw (${bytes(text.length)})`}
        </button>
      )}
    </>
  );
}

/** A button that copies a text. */
export function Copy({ text, label = "Copy" }: { text: string | (() => string); label?: string }) {
  const [done, setDone] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(typeof text === "string" ? text : text());
      setDone(true);
      setTimeout(() => setDone(false), 1200);
    } catch {
      // The browser refused; the text can be selected.
    }
  };
  return (
    <button class="quiet small" onClick={copy} aria-live="polite">
      {done ? "Copied" : label}
    </button>
  );
}

/** A dotted name from outside, broken behind its dots where it must be. */
export function Key({ name }: { name: string }) {
  const parts = name.length > 512 ? [name.slice(0, 512), "…"] : name.split(/(?<=[._/-])/);
  return (
    <bdi>
      {parts.map((part, index) => (
        <Fragment key={index}>
          {index > 0 && <wbr />}
          {part}
        </Fragment>
      ))}
    </bdi>
  );
}
