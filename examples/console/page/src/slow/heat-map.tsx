/** The heat map: dragged over with the pointer, or walked over with the keyboard. */

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Heatmap } from "../api/types";
import { duration, plural, time } from "../ui/format";
import { useKeys } from "../ui/keys";
import { colours, token } from "../ui/theme";
import { hideTip, showTip } from "../ui/tooltip";
import { type Cursor, begin, press } from "./cursor";
import { draw } from "./draw";
import { type Cell, type Zone, area, cellAt, rows, zone } from "./plot";
import { scheme } from "./scheme";
import { type Selection, NOTHING, cells, drag, spansIn } from "./selection";

interface Properties {
  map: Heatmap;
  selection: Selection;
  onSelect: (selection: Selection) => void;
  onHover: (inside: boolean) => void;
}

interface Drag {
  readonly zone: Zone;
  readonly start: Cell;
  readonly end: Cell;
}

export function HeatMap({ map, selection, onSelect, onHover }: Properties) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const plot = useRef<HTMLDivElement>(null);
  const [{ width, height }, setSize] = useState({ width: 0, height: 0 });
  const [dragged, setDragged] = useState<Drag | null>(null);
  const [hover, setHover] = useState<{ cell: Cell | null; zone: Zone }>({ cell: null, zone: "outside" });
  const [cursor, setCursor] = useState<Cursor | null>(null);
  const counts = useMemo(() => new Map(map.cells.map((cell) => [cell[0] + cell[1] * map.columns, cell])), [map]);
  const place = area(width, height);
  const pending =
    dragged !== null
      ? drag(map, dragged.zone, dragged.start, dragged.end)
      : cursor?.anchor != null
        ? drag(map, cursor.zone, cursor.anchor, cursor.at)
        : null;

  useLayoutEffect(() => {
    const element = plot.current;
    if (element == null) return;
    const observer = new ResizeObserver(() => setSize({ width: element.clientWidth, height: element.clientHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const shade = colours.value;
  useLayoutEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (element == null || context == null || width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    element.width = Math.round(width * ratio);
    element.height = Math.round(height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const ink = {
      background: token("--surface"),
      text: token("--text-soft"),
      strong: token("--text"),
      track: token("--sunken"),
      line: token("--line"),
      accent: token("--accent"),
      error: token("--error"),
    };
    draw(context, { width, height }, map, ink, scheme(), {
      selected: cells(map, pending ?? selection),
      cursor: cursor?.at ?? null,
      hover: dragged === null ? hover.cell : null,
      zone: dragged?.zone ?? hover.zone,
    });
  }, [map, width, height, shade, selection, dragged, hover, cursor]);

  const about = ({ column, row }: Cell): string => {
    const [, , spans, errors] = counts.get(column + row * map.columns) ?? [0, 0, 0, 0];
    const from = map.from + column * map.step;
    const [low, high] = [map.bounds[row] ?? 0, map.bounds[row + 1] ?? 0];
    const failed = errors > 0 ? `, ${plural(errors, "error")}` : "";
    return `${time(from, "s")} to ${time(from + map.step, "s")}, ${duration(low)} to ${duration(high)}: ${plural(spans, "span")}${failed}`;
  };

  const at = (event: PointerEvent): { x: number; y: number } => {
    const bounds = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return { x: event.clientX - bounds.left, y: event.clientY - bounds.top };
  };
  const down = (event: PointerEvent): void => {
    const { x, y } = at(event);
    const from = zone(place, x, y);
    if (event.button !== 0 || from === "outside") return;
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    setCursor(null);
    hideTip();
    const cell = cellAt(map, place, x, y);
    setDragged({ zone: from, start: cell, end: cell });
  };
  const move = (event: PointerEvent): void => {
    const { x, y } = at(event);
    const cell = cellAt(map, place, x, y);
    if (dragged !== null) {
      setDragged({ ...dragged, end: cell });
      return;
    }
    const over = zone(place, x, y);
    setHover({ cell: over === "plot" ? cell : null, zone: over });
    if (over === "plot") showTip(about(cell), event.clientX, event.clientY);
    else if (over === "time") showTip("Drag along the time: before and after", event.clientX, event.clientY);
    else if (over === "duration") showTip("Drag along the duration: slow and fast", event.clientX, event.clientY);
    else hideTip();
  };
  const up = (): void => {
    if (dragged === null) return;
    setDragged(null);
    const still = dragged.start.column === dragged.end.column && dragged.start.row === dragged.end.row;
    const empty = !counts.has(dragged.start.column + dragged.start.row * map.columns);
    onSelect(still && empty && dragged.zone === "plot" ? NOTHING : drag(map, dragged.zone, dragged.start, dragged.end));
  };
  const leave = (): void => {
    hideTip();
    setHover({ cell: null, zone: "outside" });
    onHover(false);
  };
  const key = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && dragged !== null) {
      setDragged(null);
      event.preventDefault();
      return;
    }
    const pressed = press(map, cursor ?? begin(map), event.key, event.shiftKey);
    if (pressed === null) return;
    event.preventDefault();
    if (pressed.act === "clear") onSelect(NOTHING);
    if (pressed.act === "compare") {
      const { anchor, at, zone } = pressed.cursor;
      onSelect(drag(map, zone, anchor ?? at, at));
      setCursor({ at, anchor: null, zone: "plot" });
    } else setCursor(pressed.cursor);
  };

  const said =
    cursor === null
      ? ""
      : pending === null
        ? about(cursor.at)
        : `${about(cursor.at)}. ${plural(spansIn(map, map.cells, pending), "span")} selected: Enter compares.`;
  useKeys("Heat map", [
    {
      keys: ["m"],
      does: "To the heat map: arrows move, Shift selects, Enter compares, Esc clears",
      run: () => plot.current?.focus(),
    },
  ]);
  useEffect(() => hideTip, []);

  return (
    <div class="heat">
      <div
        ref={plot}
        class={`heat-plot heat-over-${dragged?.zone ?? hover.zone}`}
        role="application"
        aria-roledescription="heat map"
        aria-label={`Heat map of ${plural(map.total, "span")}: duration by time`}
        aria-describedby="heat-keys heat-cursor"
        tabIndex={0}
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={up}
        onPointerCancel={() => setDragged(null)}
        onPointerEnter={() => onHover(true)}
        onPointerLeave={leave}
        onKeyDown={key}
        onFocus={(event) => {
          if ((event.currentTarget as HTMLElement).matches(":focus-visible") && rows(map) > 0)
            setCursor(cursor ?? begin(map));
        }}
        onBlur={() => setCursor(null)}
      >
        <canvas ref={canvas} class="heat-canvas" aria-hidden="true" />
      </div>
      <p id="heat-keys" class="sr-only">
        Arrow keys move a cursor. With shift they select. S selects whole columns, B whole rows. Enter compares, escape
        clears.
      </p>
      <p id="heat-cursor" class={cursor === null ? "sr-only" : "heat-cursor"} aria-live="polite">
        {said}
      </p>
    </div>
  );
}
