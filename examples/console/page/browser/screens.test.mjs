// Every screen: without errors, without violations of accessibility, and with numbers that the spans add up to.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { openPage, skip, startBrowser, startConsole } from "./console.mjs";
import { hostile, order, requests } from "./telemetry.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const ORDERS = Array.from({ length: 12 }, (_, at) => order(at, { slow: at % 4 === 0, fails: at % 3 === 0 }));
const SPANS = ORDERS.flatMap(({ spans }) => spans);
const ROOTS = SPANS.filter(({ more }) => more["faas.invocation_id"] !== undefined);
const SCREENS = [
  ["/requests", ".table-body .table-row"], [`/requests/${ORDERS[0].id}?critical=1&links=1`, ".span-row"], ["/map", ".node-name"],
  ["/slow", ".heat-canvas"], ["/cost", ".cost-rows [role=row]"], ["/invocations", "[role=row]"],
];

describe("screens", { skip }, () => {
  let full, empty, browser;
  before(async () => {
    [full, empty, browser] = await Promise.all([startConsole(), startConsole(), startBrowser()]);
    for (const order of ORDERS) {
      const { traces, logs } = requests(order);
      await full.send("traces", traces);
      await full.send("logs", logs);
    }
    const { body } = hostile();
    await full.send("traces", body);
    await full.has(SPANS.length + 8);
  });
  after(async () => {
    await browser?.close();
    full?.stop();
    empty?.stop();
  });

  for (const scheme of ["light", "dark"]) {
    test(`no screen has a violation that axe finds, ${scheme}`, async () => {
      const { page, problems, open, close } = await openPage(browser, full, { scheme, bypassCSP: true });
      for (const [path, ready] of SCREENS) {
        await open(path, ready);
        await page.waitForTimeout(300);
        if (path.includes("critical")) await page.keyboard.press("n");
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => globalThis.axe.run());
        const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join("\n")}`);
        assert.deepEqual(found, [], path);
      }
      assert.deepEqual(problems, []);
      await close();
    });
  }

  test("an empty screen says what to do next", async () => {
    const { page, problems, open, close } = await openPage(browser, empty);
    for (const path of ["/requests", "/map", "/slow", "/cost", "/invocations"]) {
      await open(path, ".nothing");
      assert.match(await page.innerText(".nothing"), /OTEL_EXPORTER_OTLP_ENDPOINT=http:\/\/127\.0\.0\.1:\d+/, path);
    }
    assert.deepEqual(problems, []);
    await close();
  });

  for (const [width, height] of [[600, 800], [1800, 1000]]) {
    test(`nothing is wider than ${width} pixels`, async () => {
      const { page, problems, open, close } = await openPage(browser, full, { width, height });
      for (const [path, ready] of SCREENS) {
        await open(path, ready);
        await page.waitForTimeout(200);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, path);
      }
      assert.deepEqual(problems, []);
      await close();
    });
  }

  test("the foot counts the spans", async () => {
    const { page, open, close } = await openPage(browser, full);
    await open("/requests", ".foot");
    await page.waitForFunction((text) => document.querySelector(".foot")?.textContent?.includes(text), `${SPANS.length + 8} spans`);
    await close();
  });

  test("the cells of the heat map add up to what begins work", async () => {
    const { page, open, close } = await openPage(browser, full);
    const map = await full.get("/api/v1/heatmap?service=orders&service=billing");
    assert.equal(map.cells.reduce((sum, [, , spans]) => sum + spans, 0), ROOTS.length);
    await open("/slow?service=orders&service=billing", ".heat-canvas");
    await page.getByText(`${ROOTS.length} spans`).first().waitFor();
    await close();
  });

  test("a rectangle that is dragged over slow spans is compared", async () => {
    const { page, problems, open, close } = await openPage(browser, full);
    await open("/slow?service=orders&service=billing", ".heat-canvas");
    const box = await page.locator(".heat-canvas").boundingBox();
    await page.mouse.move(box.x + box.width * 0.3, box.y + box.height * 0.05);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.97, box.y + box.height * 0.5, { steps: 8 });
    await page.mouse.up();
    await page.waitForSelector(".comparison-sides");
    assert.match(page.url(), /sel_/);
    assert.deepEqual(problems, []);
    await close();
  });

  test("GB-seconds are those of the invocations", async () => {
    const cost = await full.get("/api/v1/cost");
    const wanted = ROOTS.reduce((sum, { duration }) => sum + Math.ceil(duration / 1000) / 1000 * 0.125, 0);
    assert.ok(Math.abs(cost.sum.gb_s + cost.sum.gb_s_arm64 - wanted) < wanted * 0.01, `${cost.sum.gb_s}, wanted ${wanted}`);
    assert.equal(cost.sum.invocations, ROOTS.length);
  });

  test("an edge of the map has the p99 of its calls", async () => {
    const map = await full.get("/api/v1/map");
    const edge = map.edges.find(({ to }) => to === "host:pay.example");
    const calls = SPANS.filter(({ name }) => name === "POST pay.example");
    assert.equal(edge.calls, calls.length);
    // A bucket is 19 % wide, and its upper bound is the answer.
    assert.ok(edge.p99 >= 100_000 && edge.p99 <= 100_000 * 1.19, String(edge.p99));
  });
});
