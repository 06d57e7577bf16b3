// Every screen, full and empty, light and dark, narrow and wide: without errors, and without violations that axe finds.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { holdAnswers, openPage, skip, startBrowser, startConsole } from "./console.mjs";
import { hostile, order, requests } from "./telemetry.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const ORDERS = Array.from({ length: 12 }, (_, at) => order(at, { slow: at % 4 === 0, fails: at % 3 === 0 }));
const SPANS = ORDERS.flatMap(({ spans }) => spans);
const SCREENS = [
  ["/requests", ".table-body .table-row"],
  [`/requests/${ORDERS[0].id}?critical=1&links=1`, ".span-row"],
  ["/map", ".node-name"],
  ["/slow", ".heat-canvas"],
  ["/cost", ".cost-rows [role=row]"],
  ["/invocations", "[role=row]"],
];
const QUESTIONS = [
  ["/requests", "/api/v1/requests"],
  ["/map", "/api/v1/map"],
  ["/slow", "/api/v1/heatmap"],
  ["/cost", "/api/v1/cost"],
  ["/invocations", "/api/v1/invocations"],
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
        const found = violations.map(
          ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join("\n")}`,
        );
        assert.deepEqual(found, [], path);
      }
      assert.deepEqual(problems, []);
      await close();
    });
  }

  test("an empty screen says what to do next", async () => {
    const { page, problems, open, close } = await openPage(browser, empty);
    for (const [path] of QUESTIONS) {
      await open(path, ".nothing");
      assert.match(await page.innerText(".nothing"), /OTEL_EXPORTER_OTLP_ENDPOINT=http:\/\/127\.0\.0\.1:\d+/, path);
    }
    assert.deepEqual(problems, []);
    await close();
  });

  test("no screen says why it is empty before it knows", async () => {
    const { page, problems, open, close } = await openPage(browser, empty);
    const answer = await holdAnswers(page, "status");
    for (const [path, question] of QUESTIONS) {
      const asked = page.waitForResponse((response) => new URL(response.url()).pathname === question);
      await open(path, ".loading");
      await asked;
      await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
      assert.equal(await page.locator(".nothing").count(), 0, path);
    }
    answer();
    await page.waitForSelector(".nothing");
    assert.deepEqual(problems, []);
    await close();
  });

  test("no screen takes an empty answer for one to the next question", async () => {
    const { page, problems, open, close } = await openPage(browser, full);
    for (const [path, question] of QUESTIONS) {
      await open(`${path}?from=1&to=2`, ".nothing");
      const answer = await holdAnswers(page, `${question.replace("/api/v1/", "")}?*`);
      await page.getByLabel("Time", { exact: true }).selectOption("24h");
      await page.waitForSelector(".loading");
      assert.equal(await page.locator(".nothing").count(), 0, path);
      answer();
      await page.waitForSelector(".loading", { state: "detached" });
    }
    assert.deepEqual(problems, []);
    await close();
  });

  test("rows are seen with their answer, and never that there are none", async () => {
    const { page, open, close } = await openPage(browser, full);
    await open("/map?service=orders", ".node-name");
    await page.waitForSelector(".foot-endpoint");
    await page.evaluate(() => {
      globalThis.seen = [];
      const look = () => document.querySelectorAll(".nothing").forEach((each) => globalThis.seen.push(each.innerText));
      new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
    });
    await page.getByRole("link", { name: "Requests" }).click();
    await page.waitForSelector(".table-body .table-row");
    assert.deepEqual(await page.evaluate(() => globalThis.seen), []);
    await close();
  });

  for (const [width, height] of [
    [380, 800],
    [600, 800],
    [1800, 1000],
  ]) {
    test(`nothing is wider than ${width} pixels`, async () => {
      const { page, problems, open, close } = await openPage(browser, full, { width, height });
      for (const [path, ready] of SCREENS) {
        await open(path, ready);
        await page.waitForTimeout(200);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, path);
        const title = await page.locator(".request-title h1").boundingBox({ timeout: 1 }).catch(() => null);
        assert.ok(title === null || title.width > 50, `the id of a request has ${title?.width} pixels`);
      }
      assert.deepEqual(problems, []);
      await close();
    });
  }

  test("a service has one colour on all screens", async () => {
    const { page, open, close } = await openPage(browser, full);
    const colours = () =>
      page.evaluate(() =>
        Object.fromEntries(
          [...document.querySelectorAll(".service")].map((each) => [each.innerText.trim(), each.dataset.slot]),
        ),
      );
    await open("/requests", ".table-body .service");
    const { orders, billing } = await colours();
    assert.notEqual(orders, billing);
    await open("/invocations", "[role=row] .service");
    assert.deepEqual(await colours(), { orders, billing });
    await close();
  });

  test("the foot counts the spans", async () => {
    const { page, open, close } = await openPage(browser, full);
    await open("/requests", ".foot");
    await page.waitForFunction(
      (text) => document.querySelector(".foot")?.textContent?.includes(text),
      `${SPANS.length + 8} spans`,
    );
    await close();
  });
});
