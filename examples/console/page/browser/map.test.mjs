import assert from "node:assert/strict";
import { holdAnswers } from "./console.mjs";
import { microseconds, number, rowsOf, test, withConsole } from "./screen.mjs";
import { quantile, shop } from "./shop.mjs";

const { begin, orders, billing, services } = shop();
const it = withConsole((it) => it.feed(services));

const node = (id) => it.screen.locator(`[data-node="${id}"]`);
const NODES = ["function:orders", "function:billing", "queue:billing", "table:orders", "host:pricing.example.com"];
const places = async () =>
  Object.fromEntries(
    await Promise.all(NODES.map(async (id) => [id, await node(id).evaluate((element) => element.style.transform)])),
  );

test("every node is drawn, callers left of what they call", async () => {
  await it.open("/map");
  for (const id of NODES) await node(id).waitFor();
  const left = async (id) => (await node(id).boundingBox()).x;
  assert.ok((await left("function:orders")) < (await left("queue:billing")));
  assert.ok((await left("queue:billing")) < (await left("function:billing")));
  assert.deepEqual(it.problems, []);
});

test("the numbers of connections are those of the spans", async () => {
  const page = await it.open("/map");
  await node("function:orders").waitFor();
  await page.getByText("Connections as a table").click();
  const rows = await rowsOf(page, "Connections of the map");
  const row = (from, to, how) => rows.find((each) => each.From === from && each.To === to && each.How === how);
  const check = (found, spans) => {
    const durations = spans.map(({ duration }) => duration);
    assert.equal(number(found.Calls), spans.length);
    assert.equal(number(found.Errors), spans.filter(({ error }) => error !== null).length);
    for (const [title, share] of [
      ["p50", 0.5],
      ["p99", 0.99],
    ]) {
      const [shown, exact] = [microseconds(found[title]), quantile(durations, share)];
      // The upper bound of a bucket, whose bounds are 19 % apart, with three digits.
      assert.ok(shown >= exact * 0.99 && shown <= exact * 1.2, `${title} ${shown} of ${exact}`);
    }
  };
  check(
    row("orders", "pricing.example.com", "calls"),
    orders.filter(({ name }) => name.startsWith("POST pricing")),
  );
  check(
    row("orders", "orders", "calls"),
    orders.filter(({ name }) => name.startsWith("PutItem")),
  );
  assert.equal(number(row("billing", "billing", "is received by").Calls), billing.length);
});

test("all nodes are in view where there is room, and after Fit where there is none", async () => {
  const page = await it.open("/map");
  const inView = async () => {
    const box = await page.locator(".map-box").boundingBox();
    const nodes = await Promise.all(NODES.map((id) => node(id).boundingBox()));
    return nodes.every(({ x, width }) => x >= box.x - 1 && x + width <= box.x + box.width + 1);
  };
  const fit = page.getByRole("button", { name: "Fit" });
  await node("function:orders").waitFor();
  for (const width of [1600, 1280, 800, 380]) {
    await page.setViewportSize({ width, height: 800 });
    await page.waitForFunction((most) => document.querySelector(".map-box").clientWidth <= most, width);
    if (width >= 800) assert.ok(await inView(), `${width} px`);
    else assert.ok(!(await inView()), `${width} px are too few for a map that can be read`);
    if (await fit.isEnabled()) await fit.click();
    await page.waitForFunction(() => document.querySelector(".map-zoom button:nth-child(3)").disabled);
    assert.ok(await inView(), `${width} px, fitted`);
    await page.reload();
    await node("function:orders").waitFor();
  }
});

test("a node that is clicked filters, and has a panel", async () => {
  const page = await it.open("/map");
  await node("function:orders").click();
  await page.waitForURL(/node=function%3Aorders.*service=orders|service=orders.*node=function%3Aorders/);
  const panel = page.getByRole("complementary", { name: "Function orders" });
  await panel.getByRole("heading", { name: "Operations" }).waitFor();
  assert.equal(number(await panel.locator("dl dd").first().innerText()), 240);
  await panel.getByRole("link", { name: "Example request" }).click();
  await page.waitForURL(/\/requests\/order-\d+/);
});

test("a node has no operations of the node before", async () => {
  const page = await it.open("/map?node=function:orders&service=orders");
  await page.getByRole("heading", { name: "Operations" }).waitFor();
  const answer = await holdAnswers(page, "operations?*");
  await node("function:billing").click();
  const panel = page.getByRole("complementary", { name: "Function billing" });
  await panel.waitFor();
  assert.equal(await panel.getByRole("heading", { name: "Operations" }).count(), 0);
  answer();
  await panel.getByRole("heading", { name: "Operations" }).waitFor();
});

test("the keyboard alone walks over the map", async () => {
  const page = await it.open("/map");
  await node("function:orders").waitFor();
  await page.keyboard.press("m");
  await node("function:orders").focus();
  await page.keyboard.press("ArrowRight");
  const there = await page.evaluate(() => document.activeElement.dataset.node);
  assert.ok(["queue:billing", "table:orders", "host:pricing.example.com"].includes(there), there);
  assert.match(await page.getByRole("tooltip").innerText(), /240 calls/);
  await page.keyboard.press("Enter");
  await page.waitForURL(/node=/);
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => !location.search.includes("node="));
});

test("nodes stay where they are when others come", async () => {
  const page = await it.open("/map");
  await node("function:orders").waitFor();
  const then = await places();
  const [root] = orders;
  const call = {
    ...root,
    id: 0xfff1,
    parent: root.id,
    name: "GET news.example.com",
    kind: "client",
    start: begin,
    attributes: { "server.address": "news.example.com" },
  };
  await it.feed({ orders: { ...services.orders, spans: [call] } });
  await node("host:news.example.com").waitFor({ timeout: 10_000 });
  assert.deepEqual(await places(), then);
});

test("what the store holds is asked for once, for the screen and the foot", async () => {
  const page = await it.open("/map");
  await page.waitForSelector(".connection-open");
  const spans = page.locator(".foot > span", { hasText: /spans$/ });
  const before = await spans.innerText();
  await it.feed({ orders: { ...services.orders, spans: [{ ...orders[0], id: 0xfff2, trace: 0xfff2 }] } });
  await page.waitForFunction(
    (before) => [...document.querySelectorAll(".foot > span")].every((each) => each.textContent !== before),
    before,
  );
  // The browser's own list has the questions of this page alone, not of the pages before.
  const asked = await page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .filter(({ name }) => name.endsWith("/status"))
      .map(({ startTime }) => startTime),
  );
  const pauses = asked.slice(1).map((time, at) => time - asked[at]);
  assert.ok(pauses.length > 0 && Math.min(...pauses) > 500, `${pauses} ms between questions`);
});

for (const scheme of ["light", "dark"]) {
  test(`axe finds nothing on Map, ${scheme}`, async () => {
    const page = await it.open("/map?node=function:orders&service=orders", scheme);
    await page.getByRole("heading", { name: "Operations" }).waitFor();
    await page.getByText("Connections as a table").click();
    await page.getByText("Nodes as a table").click();
    assert.deepEqual(await it.violations(), []);
    assert.deepEqual(it.problems, []);
  });
}
