// Requests and Request, by hand and by the keyboard alone.

import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { openPage, skip, startBrowser, startConsole } from "./console.mjs";
import { hostile, large, order, requests } from "./telemetry.mjs";

/** The most CPU time of a task on open (milliseconds): the load of the machine does not count. */
const LONGEST_TASK = 50;
const LARGE = 20_000;

describe("requests", { skip }, () => {
  let console, browser;
  const orders = [order(1), order(2, { fails: false })];
  const send = async (order) => {
    const { traces, logs } = requests(order);
    await console.send("traces", traces);
    await console.send("logs", logs);
  };
  before(async () => {
    [console, browser] = await Promise.all([startConsole(), startBrowser()]);
    for (const order of orders) await send(order);
    await console.has(orders.reduce((sum, { spans }) => sum + spans.length, 0));
  });
  after(async () => {
    await browser?.close();
    console?.stop();
  });

  test("a row has the numbers of its spans", async () => {
    const { page, open, close } = await openPage(browser, console);
    await open("/requests", ".table-body .table-row");
    for (const { id, spans, begin } of orders) {
      const text = await page.locator(".table-body .table-row", { hasText: id }).innerText();
      const end = Math.max(...spans.map(({ start, duration }) => start + duration));
      const errors = spans.filter(({ error }) => error !== null).length;
      const cells = text
        .split("\n")
        .map((cell) => cell.trim())
        .filter((cell) => cell !== "");
      assert.ok(cells.includes(String(spans.length)), `${id}: ${spans.length} spans in ${cells}`);
      assert.ok(cells.includes(String(errors)), `${id}: ${errors} errors in ${cells}`);
      const wanted = (end - begin) / 1000;
      const shown = wanted >= 999.5 ? `${(wanted / 1000).toFixed(2)} s` : `${wanted.toFixed(0)} ms`;
      assert.ok(cells.includes(shown), `${id}: ${shown} in ${cells}`);
    }
    await close();
  });

  test("new requests wait while the pointer is on the table", async () => {
    const { page, open, close } = await openPage(browser, console);
    await open("/requests", ".table-body .table-row");
    await page.waitForSelector(".connection-open");
    const first = page.locator(".table-body .table-row .id").first();
    const before = await first.innerText();
    await page.locator(".table").hover();
    await send(order(50, { fails: false }));
    await page.waitForSelector(".arrivals");
    assert.equal(await first.innerText(), before);
    await page.keyboard.press(".");
    await page.waitForFunction(() => document.querySelector(".table-body .table-row .id")?.textContent === "order-50");
    await close();
  });

  test("the keyboard alone goes from the list to an error and back", async () => {
    const { page, problems, open, close } = await openPage(browser, console);
    await open("/requests?sort=errors", ".table-body .table-row");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".span-row");
    assert.match(page.url(), /\/requests\/order-1$/);
    await page.keyboard.press("n");
    await page.waitForSelector(".span-row.selected");
    await page.locator(".detail", { hasText: "card declined" }).waitFor();
    await page.locator(".toolbar", { hasText: "1 / 2 errors" }).waitFor();
    await page.keyboard.press("n");
    await page.waitForFunction(() => document.querySelector(".toolbar")?.textContent?.includes("2 / 2 errors"));
    await page.keyboard.press("Escape");
    await page.waitForSelector(".detail", { state: "detached" });
    await page.locator(".back").click();
    await page.waitForSelector(".table-body .table-row");
    assert.match(page.url(), /\/requests\?sort=errors$/, "the list is as it was left");
    await page.goBack();
    await page.waitForSelector(".span-row");
    assert.deepEqual(problems, []);
    await close();
  });

  test("what filters the list goes along through a request", async () => {
    const { page, open, close } = await openPage(browser, console);
    for (const [key, link] of [
      ["1", "/requests?service=orders&sort=errors"],
      ["2", "/map?service=orders"],
    ]) {
      await open("/requests?service=orders&sort=errors", ".table-body .table-row");
      await page.locator(".table-body .table-row .id").first().click();
      await page.waitForSelector(".span-row");
      await page.keyboard.press(key);
      await page.waitForURL((url) => url.pathname + url.search === link);
    }
    await close();
  });

  test("a chosen time without requests says so, and can be left", async () => {
    const { page, open, close } = await openPage(browser, console);
    await open("/requests?from=1&to=2", ".nothing");
    await page.getByRole("button", { name: "Remove them" }).click();
    await page.waitForSelector(".table-body .table-row");
    assert.equal(new URL(page.url()).search, "");
    await close();
  });

  test("a request of log lines alone has no time and no spans", async () => {
    const trace = "f".repeat(32);
    const logRecords = [{ traceId: trace, timeUnixNano: "1", body: { stringValue: "alone" } }];
    await console.send("logs", { resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
    const { page, problems, open, close } = await openPage(browser, console);
    await open("/requests?q=alone", ".table-body .table-row");
    assert.doesNotMatch(await page.innerText(".table-body .table-row"), /NaN|1970|Jan/);
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".request-head");
    assert.doesNotMatch(await page.innerText(".request-head"), /NaN|1970|Jan/);
    await page.locator(".nothing", { hasText: "Only log lines" }).waitFor();
    for (const key of ["j", "n", "c", "z", "/", "Escape", "o"]) await page.keyboard.press(key);
    await page.locator(".log", { hasText: "alone" }).waitFor();
    assert.deepEqual(problems, []);
    await close();
  });

  test("spans that arrive leave what is selected and folded as it is", async () => {
    const whole = order(60);
    const begun = { ...whole, spans: whole.spans.slice(0, 5) };
    await send(begun);
    await console.has(5);
    const { page, problems, open, close } = await openPage(browser, console);
    for (let turn = 0; turn < 100; turn += 1) {
      await open("/requests/order-60");
      if (
        await page
          .locator(".span-row")
          .first()
          .waitFor({ timeout: 1000 })
          .then(
            () => true,
            () => false,
          )
      )
        break;
    }
    await page.waitForSelector(".connection-open");
    const rows = () =>
      page.evaluate(() => Number(document.querySelector("[role=treegrid]")?.getAttribute("aria-rowcount")));
    const delivery = page.locator(".span-row", { has: page.locator(".row-name", { hasText: "process billing" }) });
    await delivery.locator(".fold").click();
    await page.locator(".span-row", { hasText: "GetItem" }).click();
    const before = await rows();
    await send({ ...whole, spans: whole.spans.slice(5) });
    await page.waitForFunction(
      (before) => Number(document.querySelector("[role=treegrid]")?.getAttribute("aria-rowcount")) > before,
      before,
    );
    assert.match(await page.innerText(".span-row.selected"), /GetItem orders/);
    assert.equal(await delivery.first().getAttribute("aria-expanded"), "false");
    assert.deepEqual(
      problems.filter((problem) => !problem.includes("404")),
      [],
    );
    await close();
  });

  test("deliveries of a message are gathered and can be folded", async () => {
    const { page, open, close } = await openPage(browser, console);
    await open("/requests/order-1", ".span-row");
    const tree = page.locator("[role=treegrid]");
    const rows = Number(await tree.getAttribute("aria-rowcount"));
    assert.equal(rows, orders[0].spans.length + 2, "each span, the group and the head");
    const group = page.locator(".span-row", { hasText: "3 deliveries of a message" });
    assert.equal(await group.getAttribute("aria-expanded"), "true");
    await group.locator(".fold").click();
    assert.equal(await group.getAttribute("aria-expanded"), "false");
    assert.equal(Number(await tree.getAttribute("aria-rowcount")), rows - 6);
    // The next error unfolds it.
    await page.keyboard.press("n");
    await page.waitForFunction(
      (rows) => document.querySelector("[role=treegrid]")?.getAttribute("aria-rowcount") === String(rows),
      rows,
    );
    await close();
  });

  test("a link is a state", async () => {
    const { page, open, close } = await openPage(browser, console);
    await open("/requests/order-1", ".span-row");
    for (const key of ["n", "c", "z"]) await page.keyboard.press(key);
    await page.keyboard.press("/");
    await page.keyboard.type("pay");
    await page.waitForURL(/span=.*critical=.*view=.*find=pay/);
    const link = page.url();
    const before = {};
    for (const part of [".span-row.selected", "[aria-pressed=true]", ".found", ".axis"])
      before[part] = await page.locator(part).first().textContent();
    await page.goto("about:blank");
    await page.goto(link);
    // The axis is drawn once the width is known.
    await page.waitForFunction(
      (before) => Object.entries(before).every(([part, text]) => document.querySelector(part)?.textContent === text),
      before,
    );
    await close();
  });

  test("logs are those of the span, of what is below, and of the request", async () => {
    const { page, open, close } = await openPage(browser, console);
    await open("/requests/order-1?tab=logs", ".log");
    assert.equal(await page.locator(".log").count(), 4);
    await page.locator(".span-row").first().click();
    await page.waitForFunction(() => document.querySelectorAll(".log").length === 1);
    await page.selectOption("select[aria-label='Lines of']", "subtree");
    await page.waitForFunction(() => document.querySelectorAll(".log").length === 4);
    assert.match(await page.innerText(".log"), /<b>/, "markup in a line is text");
    await close();
  });

  test("bytes from outside are text", async () => {
    const { trace, body } = hostile();
    await console.send("traces", body);
    const { page, problems, open, close } = await openPage(browser, console);
    for (let turn = 0; turn < 100; turn += 1) {
      await open(`/requests/${trace}`);
      if (
        await page
          .locator(".span-row")
          .first()
          .waitFor({ timeout: 1000 })
          .then(
            () => true,
            () => false,
          )
      )
        break;
    }
    await page.locator(".span-row", { hasText: "onerror" }).first().click();
    await page.waitForSelector(".attributes");
    assert.equal(await page.locator("#page img").count(), 0);
    assert.match(await page.innerText(".detail"), /<img src=x onerror=alert\(1\)>/);
    assert.ok((await page.innerText(".detail")).length < 20_000, "long values are cut");
    for (const tab of ["Logs", "Metrics", "Event", "Raw"]) {
      await page.getByRole("tab", { name: tab }).click();
      await page.waitForTimeout(200);
    }
    assert.deepEqual(
      problems.filter((problem) => !problem.includes("404")),
      [],
    );
    await close();
  });

  test("a request of 20,000 spans opens without a pause", async () => {
    const { trace, body } = large(LARGE);
    await console.send("traces", body);
    await console.has(LARGE);
    const { page, problems, open, close } = await openPage(browser, console);
    await browser.startTracing(page, { categories: ["toplevel", "__metadata"] });
    await open(`/requests/${trace}`, ".span-row");
    await page.waitForTimeout(500);
    for (let turn = 0; turn < 20; turn += 1) {
      await page.locator(".waterfall").hover();
      await page.mouse.wheel(0, 400);
      await page.waitForTimeout(16);
    }
    const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
    const mains = new Set(
      traceEvents
        .filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain")
        .map(({ pid, tid }) => `${pid} ${tid}`),
    );
    const tasks = traceEvents.filter(({ name, pid, tid }) => name.endsWith("RunTask") && mains.has(`${pid} ${tid}`));
    const longest = Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000;
    assert.ok(tasks.length > 10, "tasks were traced");
    assert.ok(longest < LONGEST_TASK, `the longest task took ${longest} ms of the processor`);
    assert.ok((await page.locator(".span-row").count()) < 200, "rows out of sight are not in the document");
    assert.deepEqual(problems, []);
    await close();
  });

  test("an exported request opens from the disk and asks nothing of the network", async () => {
    const { trace } = hostile();
    const asked = [];
    for (const [id, wanted] of [
      ["order-1", /card declined/],
      [trace, /onerror/],
    ]) {
      const file = join(mkdtempSync(join(tmpdir(), "thundra-page-")), "request.html");
      writeFileSync(file, await console.download(`/api/v1/requests/${id}/export.html`));
      const { page, problems, close } = await openPage(browser, null);
      page.on("request", (request) => /^https?:/.test(request.url()) && asked.push(request.url()));
      await page.goto(`file://${file}`);
      await page.waitForSelector(".span-row");
      await page.keyboard.press("/");
      await page.keyboard.type(id === trace ? "onerror" : "process");
      await page.keyboard.press("Enter");
      await page.waitForSelector(".detail .attributes");
      assert.match(await page.innerText(".detail"), wanted);
      await page.keyboard.press("Escape");
      await page.keyboard.press("o");
      await page.waitForSelector(id === trace ? ".detail .faint" : ".log");
      // A file keeps its state in the fragment.
      await page.waitForURL(/#.*tab=logs/);
      await page.reload();
      await page.waitForSelector(".span-row.selected");
      assert.deepEqual(problems, []);
      await close();
    }
    assert.deepEqual(asked, []);
  });
});
