import assert from "node:assert/strict";
import { holdAnswers } from "./console.mjs";
import { attributes, microseconds, number, rowsOf, test, withConsole } from "./screen.mjs";
import { quantile, shop } from "./shop.mjs";

const { begin, roots, orders, services } = shop();
const invocations = orders.filter(({ parent }) => parent === undefined);
const METRIC = [3, 5, 4, 9];

const it = withConsole(async (it) => {
  await it.feed(services);
  const dataPoints = METRIC.map((value, minute) => ({
    timeUnixNano: `${begin + minute * 60e6}000`,
    asInt: String(value),
  }));
  await it.send("metrics", {
    resourceMetrics: [
      {
        resource: { attributes: attributes({ "service.name": "orders" }) },
        scopeMetrics: [
          {
            metrics: [
              { name: "orders.placed", unit: "1", sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints } },
            ],
          },
        ],
      },
    ],
  });
});

test("a function's numbers are those of its invocations", async () => {
  const page = await it.open("/invocations");
  const row = (await rowsOf(page, "Functions")).find((each) => each.Function === "orders");
  const cold = invocations.filter(({ attributes }) => attributes["faas.coldstart"]);
  assert.equal(number(row.Invocations), invocations.length);
  assert.equal(number(row.Errors), invocations.filter(({ error }) => error !== null).length);
  assert.equal(number(row["Cold starts"]), cold.length);
  assert.match(row["Memory, most"], /^100 MB of 256 MB$/);
  const [shown, exact] = [
    microseconds(row.p99),
    quantile(
      invocations.map(({ duration }) => duration),
      0.99,
    ),
  ];
  assert.ok(shown >= exact * 0.99 && shown <= exact * 1.2, `${shown} of ${exact}`);
});

test("invocations are sorted, and gone through by pages", async () => {
  const page = await it.open("/invocations?sort=duration");
  await page.getByText(`${roots.length} invocations`).waitFor();
  const [first] = await rowsOf(page, "Invocations");
  assert.ok(Math.abs(microseconds(first.Duration) - Math.max(...roots.map(({ duration }) => duration))) < 10e3);
  await page.getByRole("button", { name: "Next" }).click();
  await page.waitForURL(/offset=200/);
  await page.getByText("201 to 400").waitFor();
});

test("outcomes and cold starts are chosen", async () => {
  const page = await it.open("/invocations");
  const outcome = page.getByRole("group", { name: "Outcome" });
  await outcome.getByRole("button", { name: "Errors" }).click();
  await page.waitForURL(/outcome=error/);
  const failed = roots.filter(({ error }) => error != null);
  await page.getByRole("heading", { name: `${failed.length} invocations` }).waitFor();
  assert.ok((await rowsOf(page, "Invocations")).every((row) => row.Outcome.startsWith("Error")));
  await outcome.getByRole("button", { name: "All" }).click();
  await page.getByRole("button", { name: "Only cold starts" }).click();
  await page.getByRole("heading", { name: "4 invocations" }).waitFor();
});

test("a row opens its request by the keyboard", async () => {
  const page = await it.open("/invocations");
  await rowsOf(page, "Invocations");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/requests\/order-\d+\?span=\d+/);
});

test("a metric's values are those that were sent", async () => {
  const page = await it.open("/invocations");
  const chart = page.getByRole("region", { name: "orders.placed" });
  await chart.getByText("Values as a table").click();
  const rows = await rowsOf(page, "Values of orders.placed");
  assert.deepEqual(
    rows
      .map((row) => row.orders)
      .filter((value) => value !== "–")
      .map(Number),
    METRIC,
  );
  assert.ok(await chart.locator("canvas").isVisible());
  assert.deepEqual(it.problems, []);
});

test("metrics that are not known yet are not missing", async () => {
  const page = await it.open("/requests");
  const answer = await holdAnswers(page, "metrics");
  await page.goto(new URL("/invocations", page.url()).href);
  const metrics = page.getByRole("region", { name: "Metrics", exact: true });
  await metrics.locator(".loading").waitFor();
  assert.equal(await metrics.getByText("None came in yet").count(), 0);
  answer();
  await page.getByRole("region", { name: "orders.placed" }).waitFor();
});

for (const scheme of ["light", "dark"]) {
  test(`axe finds nothing on Invocations, ${scheme}`, async () => {
    const page = await it.open("/invocations", scheme);
    await page.getByRole("region", { name: "orders.placed" }).getByText("Values as a table").click();
    await rowsOf(page, "Invocations");
    assert.deepEqual(await it.violations(), []);
    assert.deepEqual(it.problems, []);
  });
}
