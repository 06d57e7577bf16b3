import assert from "node:assert/strict";
import { test } from "node:test";
import { columns } from "./columns";
import { nodesAbove, outline, rowsByPosition, shownRows } from "./outline";
import { request } from "./testing";

const nothing = (): boolean => false;

test("spans stay depth first", () => {
  const of = outline(columns(request([{}, { parent: 0 }, { parent: 1 }, { parent: 0 }, {}])));
  assert.deepEqual([...of.node], [0, 1, 2, 3, 4]);
  assert.deepEqual([...of.depth], [0, 1, 2, 1, 0]);
  assert.deepEqual([...of.end], [4, 3, 3, 4, 5]);
  assert.deepEqual(nodesAbove(of, 2), [1, 0]);
});

test("attempts are gathered where the first of them was", () => {
  const of = outline(
    columns(
      request([{}, { parent: 0 }, { parent: 1 }, { parent: 0 }, { parent: 0 }], {
        groups: [{ kind: "attempts", key: "k", spans: [1, 4] }],
      }),
    ),
  );
  assert.deepEqual([...of.node], [0, 5, 1, 2, 4, 3]);
  assert.deepEqual([...of.depth], [0, 1, 2, 3, 2, 1]);
  assert.equal(of.turn.get(4)?.at, 1);
});

test("deliveries below different parents stay apart, and know their turn", () => {
  const of = outline(
    columns(request([{}, { parent: 0 }, {}], { groups: [{ kind: "deliveries", key: "k", spans: [1, 2] }] })),
  );
  assert.deepEqual([...of.node], [0, 1, 2]);
  assert.equal(of.turn.get(2)?.group.spans.length, 2);
});

test("a group of one span, of places outside, and of a span twice is none", () => {
  for (const spans of [[1], [1, 99], [1, 1], [-1, 1]]) {
    const of = outline(columns(request([{}, { parent: 0 }], { groups: [{ kind: "attempts", key: "k", spans }] })));
    assert.deepEqual([...of.node], [0, 1], String(spans));
  }
});

test("a span in two groups is in the first", () => {
  const of = outline(
    columns(
      request([{}, {}, {}], {
        groups: [
          { kind: "deliveries", key: "a", spans: [0, 1] },
          { kind: "deliveries", key: "b", spans: [1, 2] },
        ],
      }),
    ),
  );
  assert.deepEqual([...of.node], [3, 0, 1, 2]);
});

test("a parent after its child is none", () => {
  const of = outline(columns(request([{ parent: 1 }, { parent: 0 }, { parent: 2 }])));
  assert.deepEqual([...of.depth], [0, 1, 0]);
});

test("folded nodes hide what is below, and stand for it", () => {
  const of = outline(columns(request([{}, { parent: 0 }, { parent: 1 }, {}])));
  const rows = shownRows(of, (node) => node === 1, -1);
  assert.deepEqual([...rows], [0, 1, 3]);
  assert.deepEqual([...rowsByPosition(of, rows)], [0, 1, 1, 2]);
});

test("a root shows only what is at and below it", () => {
  const of = outline(columns(request([{}, { parent: 0 }, { parent: 1 }, {}])));
  const rows = shownRows(of, nothing, 1);
  assert.deepEqual([...rows], [1, 2]);
  assert.deepEqual([...rowsByPosition(of, rows)], [-1, 0, 1, -1]);
});

test("errors below a node are counted", () => {
  const of = outline(columns(request([{}, { parent: 0, status: "error" }, { parent: 1, status: "error" }, {}])));
  assert.equal((of.errorsBefore[of.end[0] ?? 0] ?? 0) - (of.errorsBefore[0] ?? 0), 2);
});

test("20,000 spans below each other are outlined", () => {
  const of = outline(
    columns(request(Array.from({ length: 20_000 }, (_, at) => ({ parent: at - 1 < 0 ? null : at - 1 })))),
  );
  assert.equal(of.depth[19_999], 19_999);
});
