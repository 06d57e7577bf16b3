/** Rows of one height, of which only those in sight are in the document. */

import { useLayoutEffect, useState } from "preact/hooks";
import type { RefObject } from "preact";

export interface Window {
  first: number;
  /** One beyond the last. */
  end: number;
  /** The height of the box that scrolls. */
  height: number;
}

/** Returns the rows in sight, with some more on both sides. */
export function rowsInSight(scrolled: number, height: number, rowHeight: number, count: number, more: number): Window {
  const first = Math.max(0, Math.min(count, Math.floor(scrolled / rowHeight) - more));
  const end = Math.max(first, Math.min(count, Math.ceil((scrolled + height) / rowHeight) + more));
  return { first, end, height };
}

/** Follows the scrolling of a box. `top` is what lies above the first row inside of it, such as a head. */
export function useRows(box: RefObject<HTMLElement | null>, rowHeight: number, count: number, more = 8): Window {
  const [window, setWindow] = useState<Window>({ first: 0, end: Math.min(count, 60), height: 0 });
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const look = (): void => {
      const next = rowsInSight(element.scrollTop, element.clientHeight, rowHeight, count, more);
      setWindow((before) =>
        before.first === next.first && before.end === next.end && before.height === next.height ? before : next,
      );
    };
    look();
    element.addEventListener("scroll", look, { passive: true });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => {
      element.removeEventListener("scroll", look);
      observer.disconnect();
    };
  }, [box, rowHeight, count, more]);
  return window;
}

/** Scrolls so that a row is in sight, with as little movement as it takes. */
export function reveal(element: HTMLElement, row: number, rowHeight: number, head = 0, centre = false): void {
  const top = row * rowHeight;
  const height = element.clientHeight - head;
  if (top >= element.scrollTop && top + rowHeight <= element.scrollTop + height) return;
  if (centre) element.scrollTop = top - height / 2;
  else element.scrollTop = top < element.scrollTop ? top : top + rowHeight - height;
}
