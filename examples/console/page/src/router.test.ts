import assert from "node:assert/strict";
import { test } from "node:test";
import { changed, href, parseRoute } from "./router";

test("a path is a screen", () => {
  assert.equal(parseRoute("/", "").screen, "requests");
  assert.equal(parseRoute("/slow", "").screen, "slow");
  assert.equal(parseRoute("/nowhere", "").screen, "requests");
  assert.equal(parseRoute("/request", "").screen, "requests");
});

test("the id of a request survives its link", () => {
  for (const id of ["order-17", "a/b", "50 %", "ü?&#", "..", "%2f"]) {
    const [path = "", query = ""] = href("request", id, { tab: "logs" }).split("?");
    const route = parseRoute(path, query);
    assert.deepEqual([route.screen, route.id, route.parameters.get("tab")], ["request", id, "logs"]);
  }
});

test("a path that is not encoded well is taken as it is", () => {
  assert.equal(parseRoute("/requests/50%", "").id, "50%");
});

test("null removes a parameter, and a list repeats it", () => {
  const parameters = changed(new URLSearchParams("a=1&b=2"), { a: null, b: ["x", "y"], c: 3 });
  assert.equal(parameters.toString(), "b=x&b=y&c=3");
});
