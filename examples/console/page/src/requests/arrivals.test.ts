import assert from "node:assert/strict";
import { test } from "node:test";
import { arrive, fullBar } from "./arrivals";

const row = (id: string, spans = 1) => ({ id, spans });

test("without a hold the answer is shown, and what is new is pointed out", () => {
  const { shown, waiting, fresh } = arrive([row("a")], [row("b"), row("a", 2)], false);
  assert.deepEqual(shown, [row("b"), row("a", 2)]);
  assert.deepEqual([waiting, [...fresh]], [0, ["b"]]);
});

test("held rows keep their places and take their new values", () => {
  const { shown, waiting } = arrive([row("a"), row("z")], [row("c"), row("b"), row("a", 2)], true);
  assert.deepEqual(shown, [row("a", 2), row("z")]);
  assert.equal(waiting, 2);
});

test("the first answer points nothing out", () => {
  assert.equal(arrive([], [row("a")], false).fresh.size, 0);
});

test("one outlier does not flatten the bars", () => {
  assert.equal(fullBar([...Array.from({ length: 30 }, (_, index) => index + 1), 10_000]), 29);
  assert.equal(fullBar([]), 1);
  assert.equal(fullBar([7]), 7);
});
