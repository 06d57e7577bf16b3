// A console with telemetry in it, and the screens of its page.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test as any } from "node:test";
import { openPage, skip, startBrowser, startConsole } from "./console.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A test that needs a browser. */
export const test = (name, run) => any(name, { skip }, run);

/** Starts a console before the tests of a file, gives it telemetry, and ends it after them. */
export function withConsole(fill) {
  let console;
  let browser;
  let opened;
  const it = {
    send: (...what) => console.send(...what),
    /** Sends spans by service. */
    feed: (services) =>
      console.send("traces", {
        resourceSpans: Object.entries(services).map(([service, { resource, spans }]) => ({
          resource: { attributes: attributes({ "service.name": service, ...resource }) },
          scopeSpans: [{ scope: { name: "thundra" }, spans: spans.map(otlp) }],
        })),
      }),
    /** Opens a screen in a browser that keeps nothing. */
    async open(path, scheme = "light") {
      await opened?.close();
      opened = await openPage(browser, console, { scheme, width: 1400, height: 900 });
      await opened.open(path);
      it.screen = opened.page;
      it.problems = opened.problems;
      return opened.page;
    },
    /** Returns axe's violations on the screen, in short. */
    async violations() {
      await it.screen.emulateMedia({ reducedMotion: "reduce" });
      await it.screen.evaluate(AXE);
      const { violations } = await it.screen.evaluate(() =>
        globalThis.axe.run(document, { resultTypes: ["violations"] }),
      );
      return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 120)}`);
    },
  };
  before(async () => {
    if (skip) return;
    console = await startConsole();
    browser = await startBrowser();
    await fill(it);
  });
  after(async () => {
    await browser?.close();
    console?.stop();
  });
  return it;
}

const KINDS = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 };

function otlp({ trace, id, parent, name, kind, start, duration, error = null, attributes: given = {} }) {
  const nano = (us) => `${us}000`;
  return {
    traceId: hex(trace, 32),
    spanId: hex(id, 16),
    ...(parent === undefined ? {} : { parentSpanId: hex(parent, 16) }),
    name,
    kind: KINDS[kind],
    startTimeUnixNano: nano(start),
    endTimeUnixNano: nano(start + duration),
    attributes: attributes(given),
    status: error === null ? {} : { code: 2, message: error },
  };
}

export function attributes(of) {
  return Object.entries(of).map(([key, value]) => ({ key, value: valueOf(value) }));
}

function valueOf(value) {
  if (Array.isArray(value)) return { arrayValue: { values: value.map(valueOf) } };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return { stringValue: value };
}

function hex(number, width) {
  return number.toString(16).padStart(width, "0");
}

/** Returns the cells of all rows of a table by the titles of its columns, those out of sight too. */
export async function rowsOf(page, label) {
  const table = page.getByRole("table", { name: label });
  await table.getByRole("row").nth(1).waitFor();
  return table.evaluate(async (box) => {
    const text = (element) => element.innerText.replace(/\s+/g, " ").trim();
    const titles = [...box.querySelectorAll("[role=columnheader]")].map((head) => text(head).replace(/ ?[↓↑] ?/, ""));
    const rows = new Map();
    for (let top = 0; ; top += 200) {
      box.scrollTop = top;
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      for (const row of box.querySelectorAll(".table-body [role=row]")) {
        const cells = [...row.querySelectorAll("[role=cell]")].map(text);
        rows.set(
          Number(row.ariaRowIndex ?? row.getAttribute("aria-rowindex")),
          Object.fromEntries(cells.map((cell, at) => [titles[at], cell])),
        );
      }
      if (top + box.clientHeight >= box.scrollHeight) break;
    }
    box.scrollTop = 0;
    return [...rows].sort((a, b) => a[0] - b[0]).map(([, row]) => row);
  });
}

/** Reads `12,345`, the first number of a text. */
export function number(text) {
  return Number(/-?[\d,]*\.?\d+/.exec(text)?.[0].replaceAll(",", ""));
}

/** Reads a duration as the page writes it, in microseconds. */
export function microseconds(text) {
  const units = { ns: 1e-3, µs: 1, ms: 1e3, s: 1e6, min: 60e6, h: 3600e6, d: 86400e6 };
  return [...text.matchAll(/([\d.]+) (ns|µs|ms|s|min|h|d)\b/g)].reduce(
    (sum, [, value, unit]) => sum + Number(value) * units[unit],
    0,
  );
}
