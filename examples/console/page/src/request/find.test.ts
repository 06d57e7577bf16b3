import assert from "node:assert/strict";
import { test } from "node:test";
import { columns } from "./columns";
import { find, nextOf, rootOf, selfTime } from "./find";
import { request } from "./testing";

test("a text is found in names, services, errors and ids", () => {
  const all = columns(request([{ name: "GET /orders" }, { error: "No stock" }, { id: "abcdef0123456789" }]));
  assert.deepEqual(find(all, "get"), [0]);
  assert.deepEqual(find(all, "STOCK"), [1]);
  assert.deepEqual(find(all, "abcd"), [2]);
  assert.deepEqual(find(all, "orders"), [0, 1, 2]);
  assert.deepEqual(find(all, " "), []);
});

test("next and previous go around", () => {
  assert.equal(nextOf([2, 5, 9], null, true), 2);
  assert.equal(nextOf([2, 5, 9], 5, true), 9);
  assert.equal(nextOf([2, 5, 9], 9, true), 2);
  assert.equal(nextOf([2, 5, 9], 6, false), 5);
  assert.equal(nextOf([], 6, false), null);
});

test("the time of a span alone is what its children leave", () => {
  const all = columns(
    request([
      { start: 0, duration: 100 },
      { parent: 0, start: 10, duration: 20 },
      { parent: 1, start: 10, duration: 20 },
      { parent: 0, start: 20, duration: 20 },
      { parent: 0, start: 90, duration: 50 },
      { start: 0, duration: 9 },
    ]),
  );
  assert.equal(selfTime(all, 0), 60);
  assert.equal(selfTime(all, 1), 0);
  assert.equal(selfTime(all, 5), 9);
});

test("a span without a root of its own has the one above", () => {
  const all = columns(request([{}, { parent: 0 }, { parent: 1 }]));
  assert.equal(rootOf(all, 2), 0);
});
