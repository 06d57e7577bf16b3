/** Canvases: sharp on every screen, and measured in CSS pixels. */

/** The height of a row. */
export const ROW = 24;
/** Room to the right of the last bar, for what is written behind it. */
export const MARGIN = 20;

/** Returns the way from times to pixels. */
export function scale(from: number, to: number, width: number): (time: number) => number {
  const factor = (width - MARGIN) / (to - from);
  return (time) => (time - from) * factor;
}

export interface Canvas {
  context: CanvasRenderingContext2D;
  width: number;
  height: number;
}

/** Returns the context of a canvas that is as sharp as the screen, cleared. */
export function prepare(canvas: HTMLCanvasElement, width: number, height: number): Canvas | null {
  const context = canvas.getContext("2d");
  if (context === null) return null;
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}
