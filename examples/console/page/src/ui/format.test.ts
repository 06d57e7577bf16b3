import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, duration, fullTime, niceStep, parseDuration, percent, quantity, tick, time, timeMark } from "./format";

test("a time that is not known is a dash", () => {
  assert.deepEqual([time(null), fullTime(null)], ["–", "–"]);
});

test("a time far away has its year, and so has a mark of a long axis", () => {
  const now = Date.now() * 1000;
  assert.match(time(12 * 3600e6, "s"), /^Jan 1, 1970 /);
  assert.match(time(now, "s"), /^\d\d:\d\d:\d\d$/);
  assert.match(time(now - 9 * 86_400e6, "s"), /^[A-Z][a-z]{2} \d+ \d\d:/);
  assert.equal(timeMark(12 * 3600e6, 1000 * 86_400e6), "Jan 1970");
  assert.equal(timeMark(12 * 3600e6, 9 * 86_400e6), "Jan 1");
  assert.match(timeMark(now, 3600e6), /^\d\d:\d\d$/);
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
