/** A table of any length: sorted by its heads, moved through by j and k, opened by Enter. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { go } from "../router";
import { useKeys } from "./keys";
import { reveal, useRows } from "./rows";

export interface Column<Row> {
  key: string;
  title: string;
  /** The title is for screen readers alone. */
  untitled?: boolean;
  /** The width, as a track of a CSS grid: `minmax(8rem, 2fr)`. */
  width: string;
  align?: "end";
  /** The order of the first press on the head; without, the column cannot be sorted by. */
  sort?: "asc" | "desc";
  /** Left out where the table is narrower than this (pixels). */
  from?: number;
  cell: (row: Row) => ComponentChildren;
}

export interface Sort {
  key: string;
  order: "asc" | "desc";
}

interface Properties<Row> {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** The link that a row opens. */
  link?: (row: Row) => string | null;
  onOpen?: (row: Row) => void;
  sort?: Sort | null;
  onSort?: (sort: Sort) => void;
  /** Rows to point out. */
  marked?: (row: Row) => boolean;
  /** The height of a row (pixels). */
  rowHeight?: number;
  /** Whether j, k and Enter move through it. One table of a screen. */
  keys?: boolean;
  /** The box is as high as its rows and does not scroll by itself. For short tables. */
  fit?: boolean;
  onHover?: (inside: boolean) => void;
  onScrolled?: (scrolled: boolean) => void;
}

const HEAD = 32;

export function Table<Row>(properties: Properties<Row>) {
  const { columns, rows, rowKey, link, onOpen, sort, onSort, rowHeight = 32, keys = false, fit = false } = properties;
  const box = useRef<HTMLDivElement>(null);
  const cursor = useSignal<string | null>(null);
  const window = useRows(box, rowHeight, rows.length);
  const [first, end] = fit ? [0, rows.length] : [window.first, window.end];
  const width = useWidth(box);
  const shown = columns.filter(({ from }) => from === undefined || width.value === 0 || width.value >= from);
  const tracks = shown.map((column) => column.width).join(" ");

  const open = (row: Row): void => {
    const target = link?.(row) ?? null;
    if (target !== null) go(target);
    else onOpen?.(row);
  };
  const at = (): number => rows.findIndex((row) => rowKey(row) === cursor.value);
  const move = (by: number): void => {
    const before = at();
    moveTo(before < 0 ? (by > 0 ? 0 : rows.length - 1) : before + by);
  };
  const moveTo = (row: number): void => {
    if (rows.length === 0) return;
    const next = Math.max(0, Math.min(rows.length - 1, row));
    cursor.value = rowKey(rows[next] as Row);
    if (box.current !== null) reveal(box.current, next, rowHeight, HEAD);
  };
  useKeys(
    properties.label,
    keys
      ? [
          { keys: ["j", "ArrowDown"], does: "Next row", run: () => move(1) },
          { keys: ["k", "ArrowUp"], does: "Previous row", run: () => move(-1) },
          {
            keys: ["PageDown"],
            does: "A page down",
            run: () => move(Math.max(1, Math.floor(window.height / rowHeight) - 2)),
          },
          {
            keys: ["PageUp"],
            does: "A page up",
            run: () => move(-Math.max(1, Math.floor(window.height / rowHeight) - 2)),
          },
          { keys: ["Home"], does: "First row", run: () => moveTo(0) },
          { keys: ["End"], does: "Last row", run: () => moveTo(rows.length) },
          {
            keys: ["Enter"],
            does: "Open the row",
            run: () => {
              const row = rows[at()];
              if (row !== undefined) open(row);
            },
          },
        ]
      : [],
  );

  useEffect(() => {
    const element = box.current;
    if (element === null || properties.onScrolled === undefined) return;
    const look = (): void => properties.onScrolled?.(element.scrollTop > 4);
    element.addEventListener("scroll", look, { passive: true });
    return () => element.removeEventListener("scroll", look);
  }, []);

  return (
    <div
      class={fit ? "table table-fit" : "table"}
      role="table"
      aria-label={properties.label}
      aria-rowcount={rows.length + 1}
      ref={box}
      tabIndex={fit ? -1 : 0}
      onPointerEnter={() => properties.onHover?.(true)}
      onPointerLeave={() => properties.onHover?.(false)}
    >
      <div role="rowgroup" class="table-head">
        <div role="row" class="table-row" aria-rowindex={1} style={{ gridTemplateColumns: tracks }}>
          {shown.map((column) => (
            <div
              role="columnheader"
              key={column.key}
              class={column.align === "end" ? "end" : ""}
              aria-sort={sort?.key === column.key ? (sort.order === "asc" ? "ascending" : "descending") : undefined}
            >
              {column.untitled === true ? (
                <span class="sr-only">{column.title}</span>
              ) : column.sort === undefined || onSort === undefined ? (
                column.title
              ) : (
                <button class="head" onClick={() => onSort(nextSort(sort ?? null, column.key, column.sort ?? "desc"))}>
                  {column.title}
                  <span class="sort-mark" aria-hidden="true">
                    {sort?.key === column.key ? (sort.order === "asc" ? "↑" : "↓") : ""}
                  </span>
                </button>
              )}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" class="table-body" style={{ height: `${rows.length * rowHeight}px` }}>
        {rows.slice(first, end).map((row, offset) => {
          const key = rowKey(row);
          const index = first + offset;
          return (
            <div
              role="row"
              key={key}
              aria-rowindex={index + 2}
              class={`table-row${cursor.value === key ? " at" : ""}${properties.marked?.(row) === true ? " marked" : ""}${link !== undefined || onOpen !== undefined ? " opens" : ""}`}
              style={{
                gridTemplateColumns: tracks,
                height: `${rowHeight}px`,
                transform: `translateY(${index * rowHeight}px)`,
              }}
              onClick={(event) => {
                cursor.value = key;
                if (event.target instanceof Element && event.target.closest("a, button") !== null) return;
                if (getSelection()?.isCollapsed === false) return;
                open(row);
              }}
            >
              {shown.map((column) => (
                <div role="cell" key={column.key} class={column.align === "end" ? "end" : ""}>
                  {column.cell(row)}
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** Returns the sort after a press on a head: the head's own order first, then the other. */
export function nextSort(sort: Sort | null, key: string, first: "asc" | "desc"): Sort {
  if (sort?.key !== key) return { key, order: first };
  return { key, order: sort.order === "asc" ? "desc" : "asc" };
}

function useWidth(box: { current: HTMLElement | null }) {
  const width = useSignal(0);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => (width.value = element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return width;
}
