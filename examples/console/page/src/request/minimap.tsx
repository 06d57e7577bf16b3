/** The strip of the whole request above the axis. */

import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { colours } from "../ui/theme";
import { MARGIN, prepare, scale } from "./draw/canvas";
import { drawMinimap } from "./draw/minimap";
import type { Store } from "./store";

const HEIGHT = 32;
/** Movements of less are a click. */
const CLICK = 4;

/** The strip of the whole. The frame moves; a drag outside of it chooses anew. */
export function Minimap({ store, width }: { store: Store; width: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (width === 0) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = effect(() => {
      void colours.value;
      const [columns, outline, whole] = [store.columns.value, store.outline.value, store.whole.value];
      // A task of its own: the rows come first.
      clearTimeout(timer);
      timer = setTimeout(() => {
        const prepared = canvas.current === null ? null : prepare(canvas.current, width, HEIGHT);
        if (prepared !== null) drawMinimap(prepared, columns, outline, whole);
      });
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [width, store]);

  const whole = store.whole.value;
  const view = store.view.value;
  const x = scale(whole.from, whole.to, width);
  const begin = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const element = event.currentTarget as HTMLElement;
    element.setPointerCapture(event.pointerId);
    const left = element.getBoundingClientRect().left;
    const time = (clientX: number): number =>
      whole.from + ((clientX - left) / Math.max(1, width - MARGIN)) * (whole.to - whole.from);
    const start = time(event.clientX);
    const before = store.view.peek();
    const all = before.from <= whole.from && before.to >= whole.to;
    const moves = !all && start >= before.from && start <= before.to;
    const move = (now: PointerEvent): void => {
      if (Math.abs(now.clientX - event.clientX) < CLICK) return;
      const to = time(now.clientX);
      store.setView(
        moves
          ? { from: before.from + to - start, to: before.to + to - start }
          : { from: Math.min(start, to), to: Math.max(start, to) },
      );
    };
    const end = (): void => {
      element.removeEventListener("pointermove", move);
      element.removeEventListener("pointerup", end);
      element.removeEventListener("pointercancel", end);
    };
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerup", end);
    element.addEventListener("pointercancel", end);
  };
  const zoomed = view.from > whole.from || view.to < whole.to;
  return (
    <div class="minimap" onPointerDown={begin} onDblClick={() => store.setView(null)}>
      <canvas ref={canvas} aria-hidden="true" />
      {zoomed && (
        <>
          <i class="outside" style={{ left: 0, width: `${Math.max(0, x(view.from))}px` }} />
          <i class="outside" style={{ left: `${x(view.to)}px`, right: 0 }} />
          <i
            class="frame"
            style={{ left: `${x(view.from)}px`, width: `${Math.max(3, x(view.to) - x(view.from))}px` }}
          />
        </>
      )}
    </div>
  );
}
