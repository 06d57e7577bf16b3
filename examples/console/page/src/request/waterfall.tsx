/** The rows of a request: a tree on the left, bars on one axis of time on the right, and a strip of the whole above. */

import { effect, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Service } from "../ui/marks";
import { reveal, useRows } from "../ui/rows";
import { colours } from "../ui/theme";
import { hideTip, showTip } from "../ui/tooltip";
import { drawRows } from "./draw";
import { MARGIN, prepare, ROW, scale } from "./draw/canvas";
import { Minimap } from "./minimap";
import { Row, SpanTip } from "./row";
import type { Store } from "./store";
import { TimeAxis } from "./time-axis";

/** The height of the strip and the axis. */
const HEAD = 66;
const NARROWEST_TREE = 150;
/** Rows take turns in so many elements of the document, which is cheaper than new ones. */
const POOL = 256;

export function Waterfall({ store }: { store: Store }) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const rows = store.rows.value;
  const window = useRows(box, ROW, rows.length);
  const size = useSignal({ width: 0 });
  const chosen = useSignal<number | null>(null);
  const tree = Math.max(
    NARROWEST_TREE,
    Math.min(size.value.width * 0.7, chosen.value ?? Math.min(460, size.value.width * 0.42)),
  );
  const wide = Math.max(0, size.value.width - tree);

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const look = (): void => {
      size.value = { width: element.clientWidth };
    };
    look();
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // The canvas covers the rows that are in the document, so that both scroll as one.
  useLayoutEffect(() => {
    const draw = (): void => {
      void colours.value;
      if (canvas.current === null || wide === 0) return;
      const prepared = prepare(canvas.current, wide, Math.max(1, (window.end - window.first) * ROW));
      if (prepared !== null) drawRows(prepared, store, window.first, window.end);
    };
    return effect(draw);
  }, [window.first, window.end, wide, store]);

  // The selected row comes into sight.
  const cursor = store.cursor.value;
  useEffect(() => {
    const row = cursor < 0 ? -1 : store.rowOf(cursor);
    if (row >= 0 && box.current !== null) reveal(box.current, row, ROW, HEAD);
  }, [cursor, store.root.value]);

  const x = scale(store.view.value.from, store.view.value.to, wide);
  const timeAt = (clientX: number): number => {
    const left = (box.current?.getBoundingClientRect().left ?? 0) + tree;
    const { from, to } = store.view.peek();
    return from + ((clientX - left) / Math.max(1, wide - MARGIN)) * (to - from);
  };

  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const turn = (event: WheelEvent): void => {
      const { from, to } = store.view.peek();
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        store.zoom(timeAt(event.clientX), Math.exp(Math.max(-60, Math.min(60, event.deltaY)) * 0.01));
      } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        event.preventDefault();
        const by = ((event.deltaX || event.deltaY) / Math.max(1, wide)) * (to - from);
        store.setView({ from: from + by, to: to + by });
      }
    };
    element.addEventListener("wheel", turn, { passive: false });
    return () => element.removeEventListener("wheel", turn);
  }, [wide, tree]);

  // Nothing is drawn before the size is known: it would be laid out twice.
  const shown = size.value.width === 0 ? rows.subarray(0, 0) : rows.subarray(window.first, window.end);
  const { node: nodes } = store.outline.value;
  const active = cursor >= 0 ? store.rowOf(cursor) : -1;
  return (
    <div
      class={store.wanted.value === "" ? "waterfall" : "waterfall searching"}
      ref={box}
      role="treegrid"
      aria-label="Spans"
      aria-rowcount={rows.length + 1}
      aria-colcount={3}
      aria-activedescendant={active >= window.first && active < window.end ? `row-${active}` : undefined}
      tabIndex={0}
      onPointerLeave={hideTip}
      style={{ "--tree": `${tree}px` }}
    >
      <div class="waterfall-head" role="row" aria-rowindex={1}>
        <div class="waterfall-legend" role="columnheader">
          <span class="chips">
            {store.columns.value.services.map((name) => (
              <Service key={name} name={name} />
            ))}
          </span>
          <span class="legend-title">
            Span <span>Duration</span>
          </span>
        </div>
        <div class="waterfall-time" role="columnheader" aria-label="Time">
          <Minimap store={store} width={wide} />
          <TimeAxis store={store} x={x} width={wide} timeAt={timeAt} />
        </div>
        <Splitter
          tree={tree}
          left={() => box.current?.getBoundingClientRect().left ?? 0}
          onMove={(width) => (chosen.value = width)}
        />
      </div>
      <div
        class="waterfall-rows"
        role="rowgroup"
        style={{ height: `${rows.length * ROW}px` }}
        onPointerMove={(event) => {
          const row = (event.target as Element).closest<HTMLElement>("[data-node]");
          const inside = event.clientX > (box.current?.getBoundingClientRect().left ?? 0) + tree;
          if (row === null || !inside)
            return (event.target as Element).closest("[data-tip]") === null ? hideTip() : undefined;
          showTip(<SpanTip store={store} node={Number(row.dataset["node"])} />, event.clientX, event.clientY);
        }}
      >
        {[...shown].map((position, offset) => {
          const row = window.first + offset;
          return (
            <Row
              key={row % POOL}
              store={store}
              node={nodes[position] ?? 0}
              position={position}
              row={row}
              top={row * ROW}
            />
          );
        })}
        <canvas ref={canvas} class="bars" aria-hidden="true" style={{ top: `${window.first * ROW}px` }} />
      </div>
    </div>
  );
}

/** Moves the line between the tree and the bars. */
function Splitter({ tree, left, onMove }: { tree: number; left: () => number; onMove: (width: number) => void }) {
  const begin = (event: PointerEvent): void => {
    const element = event.currentTarget as HTMLElement;
    element.setPointerCapture(event.pointerId);
    const move = (now: PointerEvent): void => onMove(now.clientX - left());
    const end = (): void => {
      element.removeEventListener("pointermove", move);
      element.removeEventListener("pointerup", end);
    };
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerup", end);
  };
  return <div class="splitter" style={{ left: `${tree - 3}px` }} onPointerDown={begin} aria-hidden="true" />;
}
