import assert from "node:assert/strict";
import { number, rowsOf, test, withConsole } from "./screen.mjs";
import { shop } from "./shop.mjs";

const { orders, billing, services } = shop();
const it = withConsole((it) => it.feed(services));
const invocations = orders.filter(({ parent }) => parent === undefined);

// Lambda bills whole milliseconds.
const gigabyteSeconds = (spans, megabytes) =>
  spans.reduce((sum, { duration }) => sum + (Math.ceil(duration / 1e3) / 1e3) * (megabytes / 1024), 0);
const near = (shown, exact) => assert.ok(Math.abs(shown - exact) <= exact * 0.006, `${shown} is not ${exact}`);
const price = (label, text) => it.screen.getByLabel(label).fill(text);

test("without prices there is no amount, and an estimate says so", async () => {
  const page = await it.open("/cost");
  const rows = await rowsOf(page, "Cost by function");
  const row = rows.find((each) => each.Function === "orders");
  assert.equal(row.Cost, "–");
  assert.equal(row.Basis, "estimate");
  assert.equal(number(row.Invocations), invocations.length);
  near(number(row["GB-seconds"]), gigabyteSeconds(invocations, 256));
});

test("amounts are worked out from the prices, and the browser keeps those", async () => {
  const page = await it.open("/cost");
  await price("Currency", "$");
  await price("GB-second, x86", "2");
  await page.getByText("Still missing: GB-second on arm64").waitFor();
  await price("GB-second, arm64", "0,5");
  await price("Million invocations", "1000000");
  const check = async () => {
    const rows = await rowsOf(page, "Cost by function");
    const cost = (name) => number(rows.find((each) => each.Function === name).Cost);
    near(cost("orders"), gigabyteSeconds(invocations, 256) * 2 + invocations.length);
    near(cost("billing"), gigabyteSeconds(billing, 512) * 0.5 + billing.length);
  };
  await check();
  await page.reload();
  await check();
  await page.getByRole("button", { name: "Request", exact: true }).click();
  const [first] = await rowsOf(page, "Cost by request");
  const of = (spans) => spans.filter(({ attributes }) => attributes["x-correlation-id"] === first.Request);
  near(number(first.Cost), gigabyteSeconds(of(invocations), 256) * 2 + gigabyteSeconds(of(billing), 512) * 0.5 + 2);
  await price("GB-second, x86", "none");
  await page.getByText("A number from 0 on").waitFor();
});

test("waiting is what calls took", async () => {
  const page = await it.open("/cost");
  const row = (await rowsOf(page, "Cost by function")).find((each) => each.Function === "orders");
  const all = invocations.reduce((sum, { duration }) => sum + duration, 0);
  const share = (part) => `${Math.round((part.reduce((sum, { duration }) => sum + duration, 0) / all) * 100)} %`;
  assert.equal(row.Waiting, share(orders.filter(({ parent }) => parent !== undefined)));
  assert.ok(
    row["Waiting on"].startsWith(
      `host pricing.example.com ${share(orders.filter(({ name }) => name.startsWith("POST pricing")))}`,
    ),
    row["Waiting on"],
  );
});

test("tenants and routes have rows of their own", async () => {
  const page = await it.open("/cost?by=tenant");
  assert.equal((await rowsOf(page, "Cost by tenant")).length, 8);
  await page.getByRole("button", { name: "Route" }).click();
  const routes = (await rowsOf(page, "Cost by route")).map((row) => row.Route);
  assert.deepEqual(routes.sort(), ["/orders", "without a route"]);
  await page.getByRole("cell", { name: "/orders" }).click();
  await page.waitForURL(/\/requests\?where=http.route%3D%2Forders/);
  assert.deepEqual(it.problems, []);
});

for (const scheme of ["light", "dark"]) {
  test(`axe finds nothing on Cost, ${scheme}`, async () => {
    const page = await it.open("/cost", scheme);
    await rowsOf(page, "Cost by function");
    assert.deepEqual(await it.violations(), []);
  });
}
