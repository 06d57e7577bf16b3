import assert from "node:assert/strict";
import { test } from "node:test";
import { rowsInSight } from "./rows";

test("the rows in sight are those of the box and some more", () => {
  assert.deepEqual(rowsInSight(0, 240, 24, 1000, 2), { first: 0, end: 12, height: 240 });
  assert.deepEqual(rowsInSight(2400, 240, 24, 1000, 2), { first: 98, end: 112, height: 240 });
});

test("a box that is scrolled beyond its rows shows none", () => {
  assert.deepEqual(rowsInSight(9999, 240, 24, 10, 2), { first: 10, end: 10, height: 240 });
  assert.deepEqual(rowsInSight(0, 240, 24, 0, 2), { first: 0, end: 0, height: 240 });
});
