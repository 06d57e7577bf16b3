/** The colours of a request, resolved once for each picture. */

import { serviceColour } from "../../ui/palette";
import { token } from "../../ui/theme";
import type { Columns } from "../columns";

export interface Paint {
  services: string[];
  error: string;
  surface: string;
  text: string;
  soft: string;
  line: string;
  waiting: string;
  critical: string;
  accent: string;
  font: string;
  hatch: CanvasPattern | string;
}

export function paint(context: CanvasRenderingContext2D, columns: Columns): Paint {
  const waiting = token("--waiting");
  return {
    services: columns.services.map(serviceColour),
    error: token("--error"),
    surface: token("--surface"),
    text: token("--text"),
    soft: token("--text-soft"),
    line: token("--line"),
    waiting,
    critical: token("--critical"),
    accent: token("--accent"),
    font: getComputedStyle(document.body).fontFamily,
    hatch: hatch(context, waiting) ?? waiting,
  };
}

function hatch(context: CanvasRenderingContext2D, colour: string): CanvasPattern | null {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 6;
  const on = tile.getContext("2d");
  if (on === null) return null;
  on.strokeStyle = colour;
  on.lineWidth = 1.2;
  on.beginPath();
  for (const x of [-6, 0, 6]) {
    on.moveTo(x, 6);
    on.lineTo(x + 6, 0);
  }
  on.stroke();
  return context.createPattern(tile, "repeat");
}
