/** How to select on the heat map, while nothing is selected. */

const WAYS = [
  { title: "An anomaly", how: "Drag over cells", box: [11, 4, 10, 8] },
  { title: "Before and after", how: "Drag along the time, below", box: [14, 1, 8, 18] },
  { title: "Slow and fast", how: "Drag along the durations, on the left", box: [1, 2, 28, 6] },
] as const;

const DOTS = [
  [4, 13],
  [7, 12],
  [10, 14],
  [13, 12],
  [16, 13],
  [19, 12],
  [22, 14],
  [25, 13],
  [13, 7],
  [16, 6],
  [18, 9],
  [7, 15],
  [19, 15],
  [25, 16],
] as const;

export function HowTo() {
  return (
    <section class="panel comparison how-to" aria-label="How to compare">
      <div class="comparison-head">
        <h2>Select what looks odd</h2>
      </div>
      <p class="comparison-note soft">
        The attributes that set the selection apart from the rest are listed here, the most telling one first.
      </p>
      <ul>
        {WAYS.map(({ title, how, box: [x, y, width, height] }) => (
          <li key={title}>
            <svg viewBox="0 0 30 20" width="60" height="40" aria-hidden="true">
              <rect x="0.5" y="0.5" width="29" height="19" rx="2" class="how-frame" />
              {DOTS.map(([cx, cy]) => (
                <rect key={`${cx} ${cy}`} x={cx} y={cy} width="2" height="1.6" class="how-dot" />
              ))}
              <rect x={x} y={y} width={width} height={height} class="how-box" />
            </svg>
            <span>
              <b>{title}</b>
              <span class="soft">{how}</span>
            </span>
          </li>
        ))}
      </ul>
      <p class="comparison-note faint">
        By keyboard: <kbd>m</kbd>, then <kbd>←</kbd> <kbd>↑</kbd> <kbd>↓</kbd> <kbd>→</kbd> move, <kbd>Shift</kbd>{" "}
        selects, <kbd>s</kbd> a strip, <kbd>b</kbd> a band, <kbd>Enter</kbd> compares, <kbd>Esc</kbd> clears.
      </p>
    </section>
  );
}
