import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { condition, spreads } from "./spread";

const ANSWER = {
  seq: 1,
  inside: 100,
  outside: 1000,
  sampled: false,
  examples: [],
  attributes: [
    {
      key: "tenant_id",
      score: 0.8,
      values: [
        { value: "t1", inside: 10, outside: 100 },
        { value: "t7", inside: 80, outside: 0 },
      ],
      others: { inside: 0, outside: 0 },
      absent: { inside: 10, outside: 900 },
    },
  ],
};

describe("a spread", () => {
  it("has shares of each side, the most different first", () => {
    const values = spreads(ANSWER)[0]!.values.map(({ label, inside, outside }) => [label, inside, outside]);
    assert.deepEqual(values, [
      ["t7", 0.8, 0],
      ["without it", 0.1, 0.9],
      ["t1", 0.1, 0.1],
    ]);
  });

  it("has no shares of an empty side", () => {
    assert.equal(
      spreads({ ...ANSWER, outside: 0 })[0]!.values.every(({ outside }) => outside === 0),
      true,
    );
  });

  it("is scattered where most of the selection has other values", () => {
    const others = { inside: 51, outside: 0 };
    assert.equal(spreads(ANSWER)[0]!.scattered, false);
    assert.equal(spreads({ ...ANSWER, attributes: [{ ...ANSWER.attributes[0]!, others }] })[0]!.scattered, true);
  });

  it("leaves out what no span has", () => {
    assert.equal(
      spreads(ANSWER)[0]!.values.some(({ of }) => of === "others"),
      false,
    );
  });
});

describe("a condition", () => {
  it("is of the field that has a name of its own", () => {
    assert.deepEqual(condition("service.name", "orders", true), { parameter: "service", value: "orders" });
    assert.deepEqual(condition("status", "error", true), { parameter: "status", value: "error" });
  });

  it("is of an attribute otherwise, and to exclude", () => {
    assert.deepEqual(condition("tenant_id", "a=b", true), { parameter: "where", value: "tenant_id=a=b" });
    assert.deepEqual(condition("service.name", "orders", false), { parameter: "where", value: "service.name!=orders" });
  });
});
