import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, duration, fullTime, niceStep, parseDuration, percent, quantity, tick, time } from "./format";

test("a time that is not known is a dash", () => {
  assert.deepEqual([time(null), fullTime(null)], ["–", "–"]);
});

test("durations have three digits and the unit that reads best", () => {
  const table: [number, string][] = [
    [0, "0"],
    [0.25, "250 ns"],
    [1, "1 µs"],
    [840, "840 µs"],
    [999.6, "1.00 ms"],
    [12_345, "12.3 ms"],
    [99_960, "100 ms"],
    [1_520_000, "1.52 s"],
    [59_990_000, "60.0 s"],
    [59_996_000, "1 min 0 s"],
    [123_000_000, "2 min 3 s"],
    [3_900_000_000, "1 h 5 min"],
    [90_000_000_000, "1 d 1 h"],
    [-1_500, "-1.50 ms"],
  ];
  for (const [us, text] of table) assert.equal(duration(us), text, String(us));
  assert.equal(duration(null), "–");
  assert.equal(duration(Number.NaN), "–");
});

test("a written duration is read in its unit, and in milliseconds without one", () => {
  const table: [string, number | null][] = [
    ["200ms", 200_000],
    ["1.5 s", 1_500_000],
    ["2m", 120_000_000],
    ["840us", 840],
    ["20", 20_000],
    ["x", null],
    ["-1s", null],
  ];
  for (const [text, us] of table) assert.equal(parseDuration(text), us, text);
});

test("bytes are Lambda's", () => {
  assert.equal(bytes(134_217_728), "128 MB");
  assert.equal(bytes(1_536), "1.5 KB");
  assert.equal(bytes(12), "12 B");
});

test("a share of more than nothing is never 0 %", () => {
  assert.equal(percent(0), "0 %");
  assert.equal(percent(0.001), "< 1 %");
  assert.equal(percent(0.999), "> 99 %");
  assert.equal(percent(1), "100 %");
});

test("quantities keep what is small", () => {
  assert.equal(quantity(0.00385), "0.0039");
  assert.equal(quantity(12_345), "12,345");
  assert.equal(quantity(12.5), "12.5");
});

test("an axis steps by 1, 2 or 5", () => {
  assert.equal(niceStep(100, 10), 10);
  assert.equal(niceStep(100, 9), 20);
  assert.equal(niceStep(2_301_500, 8), 500_000);
  assert.equal(niceStep(0, 8), 1);
});

test("a mark of an axis has no zeros at its end", () => {
  assert.equal(tick(1_500_000), "1.5 s");
  assert.equal(tick(200_000), "200 ms");
  assert.equal(tick(20_000), "20 ms");
  assert.equal(tick(0), "0");
});
