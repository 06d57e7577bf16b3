import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MapEdge, MapNode, ServiceMap } from "../api/types";
import { around, edgeKey, lanes, plan, pointedOut } from "./graph";
import { extent, nearest } from "./places";

const PLACES = new Map([
  ["a", { x: 0, y: 0 }],
  ["b", { x: 300, y: 0 }],
  ["c", { x: 300, y: 100 }],
  ["d", { x: 600, y: 20 }],
]);

const edge = (from: string, to: string, kind: MapEdge["kind"] = "call"): MapEdge => ({
  from,
  to,
  kind,
  calls: 1,
  errors: 0,
  throttled: 0,
  p50: null,
  p99: null,
  time: 0,
  example: null,
});
const node = (id: string): MapNode => {
  const [kind = "", name = ""] = id.split(":");
  return {
    node: id,
    kind: kind as MapNode["kind"],
    name,
    calls: 1,
    errors: 0,
    p50: null,
    p99: null,
    cold_starts: null,
  };
};
const MAP: ServiceMap = {
  seq: 1,
  from: null,
  to: null,
  minutes: 1,
  total_edges: 3,
  nodes: ["function:orders", "queue:orders", "function:billing", "table:ledger"].map(node),
  edges: [
    edge("function:orders", "queue:orders", "send"),
    edge("queue:orders", "function:billing", "receive"),
    edge("function:billing", "table:ledger"),
  ],
};

describe("the arrow keys", () => {
  it("go to the nearest node that way", () => {
    assert.equal(nearest(PLACES, "a", "ArrowRight"), "b");
    assert.equal(nearest(PLACES, "b", "ArrowDown"), "c");
    assert.equal(nearest(PLACES, "d", "ArrowLeft"), "b");
  });

  it("go nowhere from the edge, and by no other key", () => {
    assert.equal(nearest(PLACES, "a", "ArrowLeft"), null);
    assert.equal(nearest(PLACES, "a", "Enter"), null);
    assert.equal(nearest(PLACES, "gone", "ArrowRight"), null);
  });
});

it("the extent holds every box, also of an empty map", () => {
  const { left, top, width, height } = extent(PLACES);
  assert.ok(left < -80 && top < -28 && left + width > 680 && top + height > 128);
  assert.ok(extent(new Map()).width > 0);
});

describe("what is pointed out", () => {
  it("is the chosen node, and functions of a service, not a queue of the same name", () => {
    assert.deepEqual([...pointedOut(MAP, "table:ledger", ["orders"])].sort(), ["function:orders", "table:ledger"]);
  });

  it("lights up its neighbours", () => {
    assert.deepEqual([...(around(MAP, new Set(["function:billing"])) ?? [])].sort(), [
      "function:billing",
      "queue:orders",
      "table:ledger",
    ]);
  });

  it("is all where nothing is", () => assert.equal(around(MAP, new Set()), null));
});

describe("several connections of the same two nodes", () => {
  const both = { ...MAP, edges: [edge("a:a", "b:b"), edge("a:a", "b:b", "send"), edge("b:b", "a:a")] };

  it("are one arrow for the layout", () =>
    assert.deepEqual(plan(both).edges, [
      ["a:a", "b:b"],
      ["b:b", "a:a"],
    ]));
  it("are drawn apart", () => assert.deepEqual([...lanes(both.edges).values()].sort(), [-1, 0, 1]));
  it("have keys of their own", () => assert.equal(new Set(both.edges.map(edgeKey)).size, 3));
});
