import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { begin, press } from "./cursor";
import { type Grid, area, boundOf, box, cellAt, durationTicks, timeTicks, zone } from "./plot";
import { NOTHING, cells, drag, kind, parameters, read, spansIn, zoomed } from "./selection";

const GRID: Grid = { from: 1_000_000, step: 500, columns: 10, bounds: [100, 200, 400, 800, 1600] };
const PLACE = area(580, 438); // 500 × 400 for the cells

describe("geometry", () => {
  it("puts the shortest durations at the bottom left", () => {
    assert.deepEqual(cellAt(GRID, PLACE, PLACE.left + 1, PLACE.top + 399), { column: 0, row: 0 });
    assert.deepEqual(cellAt(GRID, PLACE, PLACE.left + 499, PLACE.top + 1), { column: 9, row: 3 });
  });

  it("gives a point outside the nearest cell", () => {
    assert.deepEqual(cellAt(GRID, PLACE, -50, 9999), { column: 0, row: 0 });
  });

  it("boxes a run of cells from either corner", () => {
    const there = box(GRID, PLACE, { column: 2, row: 1 }, { column: 4, row: 2 });
    assert.deepEqual(there, { left: PLACE.left + 100, top: PLACE.top + 100, width: 150, height: 200 });
    assert.deepEqual(box(GRID, PLACE, { column: 4, row: 2 }, { column: 2, row: 1 }), there);
  });

  it("tells the plot from its axes", () => {
    assert.equal(zone(PLACE, PLACE.left + 5, PLACE.top + 5), "plot");
    assert.equal(zone(PLACE, PLACE.left + 5, PLACE.top + 410), "time");
    assert.equal(zone(PLACE, 5, PLACE.top + 5), "duration");
    assert.equal(zone(PLACE, 5, PLACE.top + 410), "outside");
  });

  it("finds a bound that was rounded on its way through a URL", () => {
    assert.equal(boundOf(GRID, 399.9), 2);
  });

  it("names decades over a wide range, and parts of them over a narrow one", () => {
    assert.deepEqual(
      durationTicks({ ...GRID, bounds: [100, 1e6] }).map((tick) => tick.duration),
      [100, 1e3, 1e4, 1e5, 1e6],
    );
    assert.deepEqual(
      durationTicks(GRID).map((tick) => tick.duration),
      [100, 200, 500, 1000],
    );
    assert.deepEqual(durationTicks({ ...GRID, bounds: [] }), []);
    assert.deepEqual(durationTicks({ ...GRID, bounds: [3, 4] }), [{ duration: 3, at: 0 }]);
  });

  it("has a first row from 0", () => {
    const grid = { ...GRID, bounds: [0, 1, 2, 4] };
    assert.deepEqual(
      [0, 1, 2, 4, 99].map((duration) => boundOf(grid, duration)),
      [0, 1, 2, 3, 3],
    );
    assert.deepEqual(durationTicks(grid)[0], { duration: 1, at: 1 / 3 });
    const first = drag(grid, "plot", { column: 1, row: 0 }, { column: 1, row: 0 });
    assert.deepEqual(cells(grid, first), { start: { column: 1, row: 0 }, end: { column: 1, row: 0 } });
  });

  it("names few times, at round steps", () => {
    assert.equal(timeTicks({ ...GRID, from: 0, step: 60e6, columns: 60 }, 7).length, 7);
  });
});

describe("dragging", () => {
  const start = { column: 2, row: 1 };
  const end = { column: 4, row: 2 };

  it("selects a rectangle over the cells", () => {
    const selection = drag(GRID, "plot", start, end);
    assert.deepEqual(selection, { from: 1_001_000, to: 1_002_500, min: 200, max: 800 });
    assert.equal(kind(selection), "rectangle");
  });

  it("selects the same from the other corner", () => {
    assert.deepEqual(drag(GRID, "plot", end, start), drag(GRID, "plot", start, end));
  });

  it("selects a strip along the axis of time, and over the full height", () => {
    const strip = { from: 1_001_000, to: 1_002_500, min: null, max: null };
    assert.deepEqual(drag(GRID, "time", start, end), strip);
    assert.deepEqual(drag(GRID, "plot", { column: 2, row: 0 }, { column: 4, row: 3 }), strip);
  });

  it("selects a band along the axis of durations, and over the full width", () => {
    const band = { from: null, to: null, min: 200, max: 800 };
    assert.deepEqual(drag(GRID, "duration", start, end), band);
    assert.deepEqual(drag(GRID, "plot", { column: 0, row: 1 }, { column: 9, row: 2 }), band);
  });

  it("selects nothing over everything", () => {
    assert.deepEqual(drag(GRID, "plot", { column: 0, row: 0 }, { column: 9, row: 3 }), NOTHING);
  });

  it("covers the cells that it was dragged over", () => {
    assert.deepEqual(cells(GRID, drag(GRID, "plot", start, end)), { start, end });
    assert.deepEqual(cells(GRID, drag(GRID, "time", start, end)), {
      start: { column: 2, row: 0 },
      end: { column: 4, row: 3 },
    });
  });

  it("counts the spans of its cells", () => {
    const all = [
      [2, 1, 5, 0],
      [4, 2, 3, 1],
      [5, 1, 100, 0],
      [2, 3, 7, 0],
    ] as const;
    assert.equal(spansIn(GRID, all, drag(GRID, "plot", start, end)), 8);
    assert.equal(spansIn(GRID, all, drag(GRID, "time", start, end)), 15);
    assert.equal(spansIn(GRID, all, NOTHING), 0);
  });

  it("has no cells once its time has left the grid", () => {
    assert.equal(cells(GRID, { from: 1, to: 2, min: null, max: null }), null);
    assert.equal(cells(GRID, NOTHING), null);
  });
});

describe("the URL", () => {
  it("carries a selection there and back", () => {
    const selection = drag(GRID, "plot", { column: 2, row: 1 }, { column: 4, row: 2 });
    assert.deepEqual(read(new URLSearchParams(parameters(selection) as Record<string, string>)), selection);
  });

  it("takes a selection for the filters, and lets go of it", () => {
    const changes = zoomed({ ...NOTHING, from: 5, to: 9 });
    const gone = { sel_from: null, sel_to: null, sel_min: null, sel_max: null };
    assert.deepEqual(changes, { last: null, from: "5", to: "9", ...gone });
    assert.deepEqual(zoomed({ ...NOTHING, min: 1, max: 2 }), { min: "1", max: "2", ...gone });
  });

  for (const [what, query] of [
    ["half of a range", "sel_from=5"],
    ["a range that ends before it begins", "sel_from=9&sel_to=5"],
    ["words", "sel_min=a&sel_max=b"],
    ["nothing", "sel_min=&sel_max="],
  ] as const) {
    it(`selects nothing for ${what}`, () => {
      assert.deepEqual(read(new URLSearchParams(query)), NOTHING);
    });
  }
});

describe("the keyboard", () => {
  const first = begin(GRID);

  it("moves a cursor within the cells", () => {
    const up = press(GRID, { ...first, at: { column: 0, row: 3 } }, "ArrowUp", false);
    assert.deepEqual(up?.cursor.at, { column: 0, row: 3 });
    assert.equal(press(GRID, first, "End", false)?.cursor.at.column, 9);
  });

  it("selects from where shift went down", () => {
    const one = press(GRID, first, "ArrowRight", true)!.cursor;
    const two = press(GRID, one, "ArrowUp", true)!.cursor;
    assert.deepEqual(two, { at: { column: 6, row: 3 }, anchor: first.at, zone: "plot" });
  });

  it("forgets the anchor when moved without shift", () => {
    const one = press(GRID, first, "ArrowRight", true)!.cursor;
    assert.equal(press(GRID, one, "ArrowRight", false)!.cursor.anchor, null);
  });

  it("makes a strip or a band of the cursor", () => {
    assert.deepEqual(press(GRID, first, "s", false)!.cursor, { at: first.at, anchor: first.at, zone: "time" });
    assert.equal(press(GRID, first, "b", false)!.cursor.zone, "duration");
  });

  it("leaves other keys to the page", () => {
    assert.equal(press(GRID, first, "Tab", false), null);
    assert.equal(press(GRID, first, "Enter", false)?.act, "compare");
    assert.equal(press(GRID, first, "Escape", false)?.act, "clear");
  });
});
