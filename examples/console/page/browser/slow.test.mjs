import assert from "node:assert/strict";
import { holdAnswers } from "./console.mjs";
import { number, rowsOf, test, withConsole } from "./screen.mjs";
import { shop } from "./shop.mjs";

const { roots, orders, services } = shop();
const it = withConsole((it) => it.feed(services));

const plot = () => it.screen.getByRole("application");
const selection = () =>
  Object.fromEntries(
    ["from", "to", "min", "max"].map((name) => [name, new URL(it.screen.url()).searchParams.get(`sel_${name}`)]),
  );
const within =
  ({ from, to, min, max }) =>
  ({ start, duration }) =>
    (from === null || (start >= Number(from) && start < Number(to))) &&
    (min === null || (duration >= Number(min) && duration < Number(max)));
const sides = async () => {
  const texts = await it.screen.locator(".comparison-sides .side").allInnerTexts();
  return texts.map(number);
};

/** Drags between two points of the picture, given as shares of its width and height. */
async function drag(from, to) {
  const box = await plot().boundingBox();
  const at = ([x, y]) => [box.x + x * box.width, box.y + y * box.height];
  await it.screen.mouse.move(...at(from));
  await it.screen.mouse.down();
  await it.screen.mouse.move(...at(to), { steps: 4 });
  await it.screen.mouse.up();
  await it.screen.locator(".comparison-sides").waitFor();
}

test("the cells of the table sum to the spans", async () => {
  const page = await it.open("/slow");
  await page.getByText("Cells as a table").click();
  const rows = await rowsOf(page, "Cells of the heat map");
  const sum = (title) => rows.reduce((total, row) => total + number(row[title]), 0);
  assert.equal(sum("Spans"), roots.length);
  assert.equal(sum("Errors"), roots.filter(({ error }) => error != null).length);
  assert.equal(number(await page.locator(".slow-title .soft").first().innerText()), roots.length);
  assert.deepEqual(it.problems, []);
});

test("what is dragged over is compared with the rest", async () => {
  const page = await it.open("/slow");
  await plot().waitFor();
  await page.waitForTimeout(300);
  await drag([0.3, 0.03], [0.97, 0.3]);
  const chosen = selection();
  assert.ok(Object.values(chosen).every((bound) => bound !== null));
  const inside = roots.filter(within(chosen));
  assert.ok(inside.length > 0);
  assert.deepEqual(await sides(), [inside.length, roots.length - inside.length]);
  assert.ok(inside.every(({ attributes }) => attributes.tenant_id === "t3"));
  const tenant = page.locator(".spread", { has: page.getByRole("heading", { name: "tenant_id", exact: true }) });
  assert.match((await tenant.locator(".spread-value").first().innerText()).replace(/\s+/g, " "), /^t3 .*100 %/);
});

test("along the time is before and after, along the durations is slow and fast", async () => {
  await it.open("/slow");
  await plot().waitFor();
  await it.screen.waitForTimeout(300);
  const box = await plot().boundingBox();
  await drag([0.5, 1 - 12 / box.height], [0.9, 1 - 12 / box.height]);
  let chosen = selection();
  assert.deepEqual([chosen.min, chosen.max], [null, null]);
  assert.equal((await sides())[0], roots.filter(within(chosen)).length);
  await drag([20 / box.width, 0.03], [20 / box.width, 0.3]);
  chosen = selection();
  assert.deepEqual([chosen.from, chosen.to], [null, null]);
  await it.screen.waitForFunction(
    (wanted) => document.querySelector(".comparison-sides .side")?.textContent.startsWith(wanted),
    `${roots.filter(within(chosen)).length} span`,
  );
});

test("the keyboard alone selects, compares, filters and clears", async () => {
  const page = await it.open("/slow");
  await plot().waitFor();
  await page.keyboard.press("m");
  for (const key of ["End", "PageUp", "PageUp", "PageUp", "PageUp", "PageUp"]) await page.keyboard.press(key);
  await page.keyboard.press("Shift+PageDown");
  await page.keyboard.press("Shift+Home");
  for (let step = 0; step < 6; step += 1) await page.keyboard.press("Shift+ArrowRight");
  const said = number(/([\d,]+) spans? selected/.exec(await page.locator("#heat-cursor").innerText())[1]);
  await page.keyboard.press("Enter");
  await page.locator(".comparison-sides").waitFor();
  const inside = roots.filter(within(selection()));
  assert.equal(said, inside.length);
  assert.equal((await sides())[0], inside.length);
  const value = page.locator("button.spread-filter").first();
  await value.focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/where=|service=|status=|name=/);
  await plot().focus();
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => !location.search.includes("sel_"));
});

test("a value that is clicked filters the picture", async () => {
  const page = await it.open("/slow?sel_min=262144&sel_max=4194304");
  const tenant = page.locator(".spread", { has: page.getByRole("heading", { name: "tenant_id", exact: true }) });
  await tenant.locator("button.spread-filter", { hasText: "t3" }).click();
  await page.waitForURL(/where=tenant_id%3Dt3/);
  const wanted = roots.filter(({ attributes }) => attributes.tenant_id === "t3").length;
  await page.locator(".slow-title .soft", { hasText: `${wanted} spans` }).waitFor();
});

test("a selection becomes the whole picture", async () => {
  const page = await it.open("/slow?sel_min=262144&sel_max=4194304");
  await page.locator(".comparison-sides").waitFor();
  const inside = roots.filter(within(selection())).length;
  await page.keyboard.press("z");
  await page.waitForURL((url) => url.searchParams.has("min") && !url.searchParams.has("sel_min"));
  await page.locator(".slow-title .soft", { hasText: `${inside} span` }).waitFor();
  await page.goBack();
  await page.locator(".slow-title .soft", { hasText: `${roots.length} spans` }).waitFor();
});

test("an operation is chosen from a list with its numbers", async () => {
  const page = await it.open("/slow");
  await page.getByRole("button", { name: /^Operation/ }).click();
  await page.getByRole("combobox", { name: "Look for an operation" }).fill("pricing");
  const option = page.locator("#operation-options").getByRole("option").first();
  const calls = orders.filter(({ name }) => name.startsWith("POST pricing"));
  assert.match(
    (await option.innerText()).replace(/\s+/g, " "),
    new RegExp(
      `POST pricing.example.com client ${calls.length} ${calls.filter(({ error }) => error !== null).length} `,
    ),
  );
  await page.keyboard.press("Enter");
  await page.waitForURL(/operation=\d+/);
  await page.locator(".slow-title .soft", { hasText: `${calls.length} spans` }).waitFor();
});

test("operations that are not known yet are not missing", async () => {
  const page = await it.open("/slow");
  const answer = await holdAnswers(page, "operations?*");
  await page.getByRole("button", { name: /^Operation/ }).click();
  await page.getByRole("combobox", { name: "Look for an operation" }).fill("pricing");
  await page.locator(".operation-list .loading").waitFor();
  assert.equal(await page.locator(".operation-none").count(), 0);
  answer();
  await page.locator("#operation-options").getByRole("option").first().waitFor();
});

test("a selection has no numbers of the selection before", async () => {
  const page = await it.open("/slow?sel_min=262144&sel_max=4194304");
  await page.locator(".comparison-sides").waitFor();
  const answer = await holdAnswers(page, "compare?*");
  await plot().focus();
  for (const key of ["End", "Shift+PageDown", "Shift+Home", "Enter"]) await page.keyboard.press(key);
  await page.locator(".comparison .loading").waitFor();
  assert.equal(await page.locator(".comparison-sides").count(), 0);
  answer();
  await page.locator(".comparison-sides").waitFor();
  assert.equal((await sides())[0], roots.filter(within(selection())).length);
});

test("examples lead into their requests", async () => {
  const page = await it.open("/slow?sel_min=262144&sel_max=4194304");
  const links = page.locator(".examples a");
  await links.first().waitFor();
  assert.equal(await links.count(), 3);
  await links.first().click();
  await page.waitForURL(/\/requests\/order-\d+\?span=\d+/);
});

for (const scheme of ["light", "dark"]) {
  test(`axe finds nothing on Slow, ${scheme}`, async () => {
    const page = await it.open("/slow?sel_min=262144&sel_max=4194304", scheme);
    await page.locator(".spread").first().waitFor();
    await page.getByText("Cells as a table").click();
    assert.deepEqual(await it.violations(), []);
    assert.deepEqual(it.problems, []);
  });
}
