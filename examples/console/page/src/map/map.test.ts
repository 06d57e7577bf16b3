import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { layoutGraph } from "../worker/graph";
import { NODE, type Places, type Plan, arrange as arrangeWith, signature } from "./arrange";
import { curve } from "./curve";
import { rate } from "./facts";
import { health, width } from "./health";
import { settle } from "./settle";

const arrange = (plan: Plan) => arrangeWith(plan, layoutGraph);

const PLAN: Plan = {
  nodes: ["client:http", "function:orders", "queue:billing", "function:billing", "table:ledger"],
  edges: [
    ["client:http", "function:orders"],
    ["function:orders", "queue:billing"],
    ["queue:billing", "function:billing"],
    ["function:billing", "table:ledger"],
  ],
};

function apart(places: Places): boolean {
  const all = [...places.values()];
  return all.every((a, at) =>
    all.slice(at + 1).every((b) => Math.abs(a.x - b.x) >= NODE.width || Math.abs(a.y - b.y) >= NODE.height),
  );
}

describe("the layout", () => {
  it("goes from who calls to who is called", async () => {
    const places = await arrange(PLAN);
    for (const [from, to] of PLAN.edges) assert.ok(places.get(from)!.x < places.get(to)!.x);
  });

  it("is the same for the same map in another order", async () => {
    assert.deepEqual(
      await arrange({ nodes: [...PLAN.nodes].reverse(), edges: [...PLAN.edges].reverse() }),
      await arrange(PLAN),
    );
  });

  it("is known by its nodes and arrows in any order", () => {
    assert.equal(signature({ nodes: [...PLAN.nodes].reverse(), edges: [...PLAN.edges].reverse() }), signature(PLAN));
    assert.notEqual(signature({ ...PLAN, edges: PLAN.edges.slice(1) }), signature(PLAN));
  });

  it("takes cycles, calls to oneself, unknown ends, and names of built-in members", async () => {
    const plan: Plan = {
      nodes: ["a", "b", "__proto__", "constructor"],
      edges: [
        ["a", "b"],
        ["b", "a"],
        ["a", "a"],
        ["a", "gone"],
        ["constructor", "__proto__"],
      ],
    };
    const places = await arrange(plan);
    assert.equal(places.size, 4);
    assert.ok(apart(places));
  });

  it("lays out 200 nodes", async () => {
    const nodes = Array.from({ length: 200 }, (_, at) => `n${at}`);
    const places = await arrange({
      nodes,
      edges: nodes.slice(1).map((id, at) => [`n${Math.floor(at / 3)}`, id] as const),
    });
    assert.ok(apart(places));
  });
});

describe("an update", async () => {
  const more: Plan = {
    nodes: [...PLAN.nodes, "topic:news", "host:a"],
    edges: [...PLAN.edges, ["function:billing", "topic:news"], ["function:orders", "host:a"]],
  };
  const before = await arrange(PLAN);

  it("moves no node that was there", async () => {
    const after = settle(before, await arrange(more), more);
    for (const id of PLAN.nodes) assert.deepEqual(after.get(id), before.get(id));
  });

  it("puts new nodes right of their callers and upon no other", async () => {
    const after = settle(before, await arrange(more), more);
    assert.ok(after.get("topic:news")!.x > after.get("function:billing")!.x);
    assert.ok(apart(after));
  });

  it("forgets nodes that are gone", async () => {
    const less: Plan = { nodes: PLAN.nodes.slice(0, 3), edges: PLAN.edges.slice(0, 2) };
    assert.deepEqual([...settle(before, await arrange(less), less).keys()].sort(), [...less.nodes].sort());
  });

  it("takes the fresh layout where most nodes are new", async () => {
    const other: Plan = { nodes: ["client:http", "x", "y", "z"], edges: [["x", "y"]] };
    assert.deepEqual(settle(before, await arrange(other), other), await arrange(other));
  });
});

describe("an arrow", () => {
  const places = [
    [500, 0],
    [0, 0],
    [0, 200],
    [-500, 40],
    [0, -200],
  ] as const;
  for (const [x, y] of places) {
    it(`to ${x},${y} has a path of numbers`, () => {
      const { path, label } = curve({ x: 0, y: 0 }, { x, y }, 1);
      assert.match(path, /^M[-\d. ]+C[-\d. ]+$/);
      assert.ok(Number.isFinite(label.x + label.y));
    });
  }

  it("is the wider the more calls", () => {
    assert.ok(width(10, 1000) < width(100, 1000));
    assert.equal(width(1000, 1000), 5);
    assert.equal(width(1, 1), 1.5);
  });
});

it("a node is sick from one error in twenty, and ailing below", () => {
  assert.deepEqual(
    [health(100, 0), health(100, 4), health(100, 5), health(100, 0, 1), health(0, 0)],
    ["well", "ailing", "sick", "ailing", "well"],
  );
});

describe("a rate", () => {
  it("has few digits, and is not nothing where something was called", () => {
    assert.deepEqual(
      [
        [0, 60],
        [1, 1440],
        [3, 60],
        [90, 60],
        [6000, 60],
        [1, 0],
      ].map(([calls = 0, minutes = 0]) => rate(calls, minutes)),
      ["0.00", "< 0.01", "0.05", "1.5", "100", "–"],
    );
  });
});
