import assert from "node:assert/strict";
import { test } from "node:test";
import { adding, conditions, parseCondition, parseLast, since, removing } from "./filters";

test("a word is a condition", () => {
  const table: [string, string, string][] = [
    ["service=orders", "service", "orders"],
    ["status = error", "status", "error"],
    ["duration>200ms", "min", "200000"],
    ["duration < 1.5s", "max", "1500000"],
    ["tenant_id=t7", "where", "tenant_id=t7"],
    ["tenant_id!=t7", "where", "tenant_id!=t7"],
    ["service!=orders", "where", "service.name!=orders"],
    ['http.route="/a b"', "where", "http.route=/a b"],
    ["url=a=b", "where", "url=a=b"],
    ["order-17", "q", "order-17"],
    ['"no stock"', "q", "no stock"],
  ];
  for (const [text, parameter, value] of table) assert.deepEqual(parseCondition(text), { parameter, value }, text);
  assert.equal(parseCondition("  "), null);
});

test("services and attributes gather, anything else is replaced", () => {
  const parameters = new URLSearchParams("service=a&status=ok");
  assert.deepEqual(adding(parameters, { parameter: "service", value: "b" }), { service: ["a", "b"] });
  assert.deepEqual(adding(parameters, { parameter: "status", value: "error" }), { status: "error" });
  assert.deepEqual(removing(parameters, { parameter: "service", value: "a" }), { service: [] });
  assert.deepEqual(
    conditions(parameters).map(({ value }) => value),
    ["a", "ok"],
  );
});

test("a span of time has a unit", () => {
  assert.equal(parseLast("15m"), 900e6);
  assert.equal(parseLast("15"), null);
  assert.equal(parseLast(null), null);
});

test("the beginning of the last hour stands still between steps", () => {
  const hour = 3600e6;
  assert.equal(since(1_000 * hour, hour), since(1_000 * hour + 30e6, hour));
  assert.equal(since(1_000 * hour, hour), 999 * hour);
  assert.notEqual(since(1_000 * hour, hour), since(1_000 * hour + 60e6, hour));
});
