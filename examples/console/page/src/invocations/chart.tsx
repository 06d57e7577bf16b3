/** A chart of one metric, by service, and its table. */

import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { apiPath, type Parameter } from "../api/client";
import type { Instruments, Series } from "../api/types";
import { always, useAsk } from "../api/use-ask";
import { time } from "../ui/format";
import { useFrozen } from "../ui/frozen";
import { Service } from "../ui/marks";
import { serviceColour } from "../ui/palette";
import { Loading, Problem } from "../ui/states";
import { type Column, Table } from "../ui/table";
import { Outside } from "../ui/text";
import { colours, token } from "../ui/theme";
import { hideTip, showTip } from "../ui/tooltip";
import { type Aligned, align, meaning, measure } from "./series";

type Instrument = Instruments["metrics"][number];

const HEIGHT = 170;
/** Lines differ by their dashes too. */
const DASHES: number[][] = [[], [7, 4], [2, 3], [10, 3, 2, 3]];

export function MetricChart({ metric, parameters }: { metric: Instrument; parameters: Record<string, Parameter> }) {
  const [pointed, setPointed] = useState(false);
  const path = apiPath(["metrics"], { ...parameters, name: metric.name, columns: 120 });
  const answer = useAsk<Series>(path, { live: always, pause: 3000 });
  const series = useFrozen(answer.data, pointed, path);
  const aligned = useMemo(() => (series === null ? null : align(series)), [series]);
  return (
    <section class="panel chart" aria-label={metric.name.slice(0, 200)}>
      <div class="chart-head">
        <h3>
          <Outside text={metric.name} />
        </h3>
        <span class="faint">
          {metric.unit !== null && metric.unit !== "1" && (
            <>
              <Outside text={metric.unit} />,{" "}
            </>
          )}
          {meaning(metric.type)}
        </span>
      </div>
      <Problem error={answer.error} />
      {series === null || aligned === null ? (
        <Loading />
      ) : aligned.times.length === 0 ? (
        <p class="soft">Nothing was measured in this time.</p>
      ) : (
        <>
          <Lines series={series} aligned={aligned} onHover={setPointed} />
          <ul class="chart-legend">
            {series.series.map(({ service }) => (
              <li key={service}>
                <Service name={service} />
              </li>
            ))}
          </ul>
          <Values series={series} aligned={aligned} />
        </>
      )}
    </section>
  );
}

function Lines({ series, aligned, onHover }: { series: Series; aligned: Aligned; onHover: (inside: boolean) => void }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef({ series, aligned });
  latest.current = { series, aligned };
  const shade = colours.value;
  const names = series.series.map(({ service }) => service).join("\0");

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const made = new uPlot(options(element.clientWidth, latest), data(latest.current.aligned), element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
      hideTip();
    };
  }, [shade, names, series.name, series.unit]);

  useLayoutEffect(() => plot.current?.setData(data(aligned)), [aligned]);

  return (
    <div
      class="chart-lines"
      ref={box}
      aria-hidden="true"
      onPointerEnter={() => onHover(true)}
      onPointerLeave={() => {
        onHover(false);
        hideTip();
      }}
    />
  );
}

/** Returns the seconds that a chart spans. */
function span({ times }: Aligned): number {
  return (times.at(-1) ?? 0) - (times[0] ?? 0);
}

/** A line of fewer points shows them. */
const FEW_POINTS = 60;
/** Steps of an axis of bytes. */
const POWERS = Array.from({ length: 50 }, (_, power) => 2 ** power);

function data({ times, values }: Aligned): uPlot.AlignedData {
  return [times, ...values];
}

function options(width: number, latest: { current: { series: Series; aligned: Aligned } }): uPlot.Options {
  const { series } = latest.current;
  const axis = {
    stroke: token("--text-soft"),
    grid: { stroke: token("--line"), width: 1 },
    ticks: { stroke: token("--line"), width: 1 },
    font: "11px system-ui, sans-serif",
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { points: { size: 6 }, drag: { x: false, y: false } },
    scales: { y: { range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.08 : 1] } },
    axes: [
      {
        ...axis,
        size: 30,
        space: 70,
        values: (_, ticks) =>
          ticks.map((tick) =>
            time(tick * 1e6, "s")
              .replace(/^.* /, "")
              .slice(0, span(latest.current.aligned) < 600 ? 8 : 5),
          ),
      },
      {
        ...axis,
        size: 66,
        space: 34,
        ...(series.unit === "By" ? { incrs: POWERS } : {}),
        values: (_, ticks) => ticks.map((tick) => measure(tick, series.unit)),
      },
    ],
    series: [
      {},
      ...series.series.map((each, index) => ({
        label: each.service,
        stroke: serviceColour(each.service),
        width: 1.8,
        dash: DASHES[index % DASHES.length] ?? [],
        spanGaps: true,
        points: { show: each.values.length < FEW_POINTS },
      })),
    ],
    hooks: {
      setCursor: [
        (plot) => {
          const { idx, left, top } = plot.cursor;
          const { series, aligned } = latest.current;
          const at = idx == null ? undefined : aligned.times[idx];
          if (idx == null || at === undefined || left === undefined || top === undefined || left < 0) return hideTip();
          const bounds = plot.over.getBoundingClientRect();
          showTip(
            <Tip at={at} series={series} values={aligned.values.map((row) => row[idx] ?? null)} />,
            bounds.left + left,
            bounds.top + top,
          );
        },
      ],
    },
  };
}

function Tip({ at, series, values }: { at: number; series: Series; values: (number | null)[] }) {
  return (
    <div class="tip-facts">
      <span class="faint">{time(at * 1e6, "s")}</span>
      {series.series.map(({ service }, index) => {
        const value = values[index] ?? null;
        return (
          <div key={service}>
            <Service name={service} /> <b>{value === null ? "–" : measure(value, series.unit)}</b>
          </div>
        );
      })}
    </div>
  );
}

function Values({ series, aligned }: { series: Series; aligned: Aligned }) {
  const [open, setOpen] = useState(false);
  const columns: Column<number>[] = [
    { key: "time", title: "Time", width: "minmax(8rem, 2fr)", cell: (at) => time((aligned.times[at] ?? 0) * 1e6, "s") },
    ...series.series.map(({ service }, index): Column<number> => ({
      key: `of ${service}`,
      title: service.slice(0, 60),
      width: "minmax(5rem, 1fr)",
      align: "end",
      cell: (at) => {
        const value = aligned.values[index]?.[at] ?? null;
        return value === null ? "–" : measure(value, series.unit);
      },
    })),
  ];
  return (
    <details class="beside" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Values as a table</summary>
      {open && (
        <div class="beside-table">
          <Table
            label={`Values of ${series.name}`.slice(0, 200)}
            rows={aligned.times.map((_, at) => at)}
            rowKey={String}
            columns={columns}
          />
        </div>
      )}
    </details>
  );
}
