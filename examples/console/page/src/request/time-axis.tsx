/** The axis of time above the bars. */

import { useSignal } from "@preact/signals";
import { duration, tick } from "../ui/format";
import { ticks, type View } from "./axis";
import type { Store } from "./store";

/** The room that the label of a mark takes. */
const LABEL = 44;
/** Movements of less are a click. */
const CLICK = 4;

/** The marks of time. A drag zooms; a double click shows all. */
export function TimeAxis({
  store,
  x,
  width,
  timeAt,
}: {
  store: Store;
  x: (time: number) => number;
  width: number;
  timeAt: (clientX: number) => number;
}) {
  const drag = useSignal<View | null>(null);
  const begin = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const element = event.currentTarget as HTMLElement;
    element.setPointerCapture(event.pointerId);
    const [start, startX] = [timeAt(event.clientX), event.clientX];
    const move = (now: PointerEvent): void => {
      const time = timeAt(now.clientX);
      drag.value = { from: Math.min(start, time), to: Math.max(start, time) };
    };
    const end = (now: PointerEvent): void => {
      element.removeEventListener("pointermove", move);
      element.removeEventListener("pointerup", end);
      element.removeEventListener("pointercancel", end);
      if (drag.value !== null && now.type === "pointerup" && Math.abs(now.clientX - startX) > CLICK)
        store.setView(drag.value);
      drag.value = null;
    };
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerup", end);
    element.addEventListener("pointercancel", end);
  };
  return (
    <div
      class="axis"
      onPointerDown={begin}
      onDblClick={() => store.setView(null)}
      title="Drag to zoom, double-click for all"
    >
      {width > 0 &&
        ticks(store.view.value, width)
          .filter((mark) => x(mark) < width - LABEL)
          .map((mark) => (
            <span key={mark} style={{ left: `${x(mark)}px` }}>
              {tick(mark)}
            </span>
          ))}
      {drag.value !== null && (
        <i
          style={{ left: `${x(drag.value.from)}px`, width: `${Math.max(1, x(drag.value.to) - x(drag.value.from))}px` }}
        >
          <span>{duration(drag.value.to - drag.value.from)}</span>
        </i>
      )}
    </div>
  );
}
