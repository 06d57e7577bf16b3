/** What the colours of the heat map mean. */

import type { Heatmap } from "../api/types";
import { compact } from "../ui/format";
import { colours } from "../ui/theme";
import { css, legend, palette, step } from "./scale";
import { scheme } from "./scheme";

export function Legend({ map }: { map: Heatmap }) {
  void colours.value;
  const most = map.cells.reduce((high, cell) => Math.max(high, cell[2]), 0);
  const shades = palette(scheme());
  return (
    <span class="heat-legend">
      <span class="soft">Spans a cell</span>
      {legend(most).map((tick) => (
        <span key={tick}>
          <i aria-hidden="true" style={{ background: css(shades[step(tick, most)] ?? [0, 0, 0]) }} />
          {compact(tick)}
        </span>
      ))}
      {map.errors > 0 && (
        <span>
          <svg viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
            <path d="M1 0h9v9z" fill="var(--error)" />
          </svg>
          with errors
        </span>
      )}
    </span>
  );
}
