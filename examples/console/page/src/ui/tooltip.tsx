/** One tooltip for the page: text beside the pointer, or beside what has the focus. */

import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

interface Shown {
  content: ComponentChildren;
  x: number;
  y: number;
}

const shown = signal<Shown | null>(null);

/** Shows a tooltip at a place in the window. For canvases; elements take `tip`. */
export function showTip(content: ComponentChildren, x: number, y: number): void {
  shown.value = { content, x, y };
}

export function hideTip(): void {
  if (shown.peek() !== null) shown.value = null;
}

/** Returns the attributes that give an element a tooltip. */
export function tip(content: ComponentChildren): Record<string, unknown> {
  return {
    onPointerEnter: (event: PointerEvent) => showTip(content, event.clientX, event.clientY),
    onPointerMove: (event: PointerEvent) => showTip(content, event.clientX, event.clientY),
    onPointerLeave: hideTip,
    onFocus: (event: FocusEvent) => {
      if (!(event.target instanceof Element) || !event.target.matches(":focus-visible")) return;
      const box = event.target.getBoundingClientRect();
      showTip(content, box.left, box.bottom);
    },
    onBlur: hideTip,
  };
}

/** The place of the tooltip. Once in the page. */
export function Tooltip() {
  const element = useRef<HTMLDivElement>(null);
  const tooltip = shown.value;
  useLayoutEffect(() => {
    const box = element.current;
    if (box === null || tooltip === null) return;
    const { width, height } = box.getBoundingClientRect();
    const below = tooltip.y + 18 + height < innerHeight;
    box.style.left = `${Math.max(4, Math.min(tooltip.x + 12, innerWidth - width - 8))}px`;
    box.style.top = `${Math.max(4, below ? tooltip.y + 18 : tooltip.y - height - 10)}px`;
  });
  if (tooltip === null) return null;
  return (
    <div class="tooltip" role="tooltip" ref={element}>
      {tooltip.content}
    </div>
  );
}
