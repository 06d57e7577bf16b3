import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gigabyteSeconds, money } from "./amounts";
import { NONE, type Prices, cost, missing, parse, price } from "./prices";
import { pieces } from "./waiting";

const PRICES: Prices = { x86: 2, arm64: 1, million: 5, currency: "$" };

describe("a price", () => {
  for (const [text, value] of [
    ["", null],
    [" ", null],
    ["0.5", 0.5],
    ["0,5", 0.5],
    ["1e-5", 1e-5],
    ["0", 0],
  ] as const) {
    it(`of "${text}" is ${value}`, () => assert.equal(price(text), value));
  }
  for (const text of ["free", "-1", "1 2", "NaN", "Infinity", "0.1.2"]) {
    it(`is none in "${text}"`, () => assert.equal(price(text), undefined));
  }
});

describe("the browser's memory", () => {
  it("gives back what it keeps", () => assert.deepEqual(parse(JSON.stringify(PRICES)), PRICES));
  for (const text of [null, "", "{", "3", "[]", '{"x86":"2","million":-1,"currency":7}']) {
    it(`has no prices in ${text}`, () => assert.deepEqual(parse(text), NONE));
  }
});

describe("the cost", () => {
  it("is time by its architecture, and invocations by the million", () => {
    assert.equal(cost({ invocations: 2e6, gb_s: 3, gb_s_arm64: 4 }, PRICES), 20);
  });

  it("is unknown without prices", () => assert.equal(cost({ invocations: 1, gb_s: 1, gb_s_arm64: 0 }, NONE), null));

  it("is unknown while a price that it needs is missing", () => {
    const used = { invocations: 1, gb_s: 1, gb_s_arm64: 1 };
    assert.equal(cost(used, { ...PRICES, arm64: null }), null);
    assert.deepEqual(missing(used, { ...PRICES, arm64: null }), ["GB-second on arm64"]);
  });

  it("needs no price of what was not used", () => {
    assert.equal(cost({ invocations: 0, gb_s: 1, gb_s_arm64: 0 }, { ...PRICES, arm64: null, million: null }), 2);
  });
});

describe("amounts", () => {
  for (const [amount, text] of [
    [0, "$0"],
    [1234.5, "$1,234.50"],
    [0.0000021, "$0.0000021"],
    [0.5, "$0.5"],
    [0.999, "$1.00"],
  ] as const) {
    it(`writes ${amount} as ${text}`, () => assert.equal(money(amount, "$"), text));
  }
  it("sets letters of a currency apart", () => assert.equal(money(2, "CHF"), "CHF 2.00"));
  it("needs no currency", () => assert.equal(money(2, ""), "2.00"));
  it("writes gigabyte-seconds short", () => {
    assert.deepEqual([0, 0.0000123, 0.0385, 12.345, 98765.4].map(gigabyteSeconds), [
      "0",
      "1.2e-5",
      "0.0385",
      "12.3",
      "98,765",
    ]);
  });
});

describe("the bar of waiting", () => {
  const on = (node: string, time: number) => ({ node, time, share: 0 });
  const sum = (row: Parameters<typeof pieces>[0]) => pieces(row).reduce((total, each) => total + each.share, 0);

  it("splits the duration into work, each callee, and the rest", () => {
    assert.deepEqual(
      pieces({ duration: 100, waiting: 60, waiting_on: [on("table:a", 40), on("host:b", 10)] }).map((each) => [
        each.of,
        each.node,
        each.time,
      ]),
      [
        ["work", null, 40],
        ["waiting", "table:a", 40],
        ["waiting", "host:b", 10],
        ["others", null, 10],
      ],
    );
  });

  it("sums to the duration where calls overlap", () => {
    assert.ok(
      Math.abs(sum({ duration: 100, waiting: 50, waiting_on: [on("table:a", 50), on("host:b", 50)] }) - 1) < 1e-9,
    );
  });

  it("sums to the duration where the waiting is longer", () => {
    assert.ok(Math.abs(sum({ duration: 100, waiting: 500, waiting_on: [on("table:a", 500)] }) - 1) < 1e-9);
  });

  it("is empty without a duration", () => assert.deepEqual(pieces({ duration: 0, waiting: 0, waiting_on: [] }), []));
});
