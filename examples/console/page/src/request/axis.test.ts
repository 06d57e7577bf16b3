import assert from "node:assert/strict";
import { test } from "node:test";
import { around, parseView, ticks, viewText, wholeView, within, zoomed } from "./axis";
import { columns } from "./columns";
import { request } from "./testing";

const ROOT = {
  parent_source: null,
  queue: null,
  delivery: null,
  cold_start: null,
  request_id: null,
  trigger: null,
  correlation: null,
  batch: null,
  failures: null,
};

test("the whole begins with the first wait and ends with the last span", () => {
  const all = columns(request([{ start: 5, duration: 200, root: { ...ROOT, queue: 50 } }, { start: -3 }]));
  assert.deepEqual(wholeView(all), { from: -45, to: 205 });
});

test("a request without a duration has an axis", () => {
  const { from, to } = wholeView(columns(request([{ duration: 0 }], { duration: 0 })));
  assert.ok(to > from);
});

test("a view stays inside of the whole", () => {
  const whole = { from: 0, to: 100 };
  assert.deepEqual(within({ from: -10, to: 40 }, whole), { from: 0, to: 50 });
  assert.deepEqual(within({ from: 90, to: 140 }, whole), { from: 50, to: 100 });
  assert.deepEqual(within({ from: -10, to: 500 }, whole), whole);
});

test("what a zoom is around keeps its place", () => {
  assert.deepEqual(zoomed({ from: 0, to: 100 }, 25, 0.5), { from: 12.5, to: 62.5 });
});

test("the URL keeps a view", () => {
  const view = { from: -12.5, to: 4000.125 };
  assert.deepEqual(parseView(viewText(view)), view);
  for (const text of [null, "", "1-2", "5..1", "a..b"]) assert.equal(parseView(text), null);
});

test("marks are whole steps in sight", () => {
  assert.deepEqual(ticks({ from: 0, to: 1000 }, 450), [0, 200, 400, 600, 800, 1000]);
  assert.deepEqual(ticks({ from: -150, to: 250 }, 360), [-100, 0, 100, 200]);
});

test("a view around a span has room on both sides", () => {
  assert.deepEqual(around(100, 100), { from: 94, to: 206 });
});
