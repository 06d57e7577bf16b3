/** The state of the screen Request. What a link keeps is in the URL; what is folded and what came is here. */

import { batch as together, computed, signal } from "@preact/signals";
import type { Log } from "../api/types";
import { parameter, setParameters } from "../router";
import { around, parseView, viewText, wholeView, within, zoomed, type View } from "./axis";
import { placeOf, type Columns } from "./columns";
import { find, nextOf } from "./find";
import { nodesAbove, outline, rowsByPosition, shownRows } from "./outline";

export type Store = ReturnType<typeof createStore>;
export type DetailTab = "logs" | "metrics" | "event" | "attributes" | "raw";
export const DETAIL_TABS: readonly DetailTab[] = ["attributes", "logs", "metrics", "event", "raw"];

/** Returns the state of one request, which outlives the answers of which it is made. */
export function createStore(first: Columns) {
  const columns = signal(first);
  const shape = computed(() => outline(columns.value));
  const logs = signal<readonly Log[]>([]);

  /** Folded nodes, by the keys of `keyOf`, so that they stay folded when spans arrive. */
  const folded = signal<ReadonlySet<string>>(new Set());
  const keyOf = (node: number): string => {
    const { count, span } = columns.value;
    if (node < count) return String(span[node]);
    const group = shape.value.groups[node - count];
    return `${group?.kind} ${group?.key}`;
  };
  const isFolded = (node: number): boolean => folded.value.size > 0 && folded.value.has(keyOf(node));
  const isParent = (node: number): boolean => {
    const position = shape.value.position[node] ?? -1;
    return (shape.value.end[position] ?? 0) > position + 1;
  };
  const fold = (node: number, on: boolean): void => {
    const next = new Set(folded.peek());
    if (on) next.add(keyOf(node));
    else next.delete(keyOf(node));
    folded.value = next;
  };
  const foldAll = (on: boolean): void => {
    const next = new Set<string>();
    if (on) for (const node of shape.peek().node) if (isParent(node)) next.add(keyOf(node));
    folded.value = next;
  };

  const row = (name: string): number => placeOf(columns.value, Number(parameter(name) ?? Number.NaN));
  /** The place of the root that was chosen, or -1. */
  const root = computed(() => row("root"));
  /** The place of the span that is selected, or -1. */
  const selected = computed(() => row("span"));
  /** The group that is selected, which no link keeps. */
  const group = signal<string | null>(null);
  /** The node under the keyboard, or -1. */
  const cursor = computed(() => {
    if (group.value === null) return selected.value;
    const at = shape.value.groups.findIndex(({ kind, key }) => `${kind} ${key}` === group.value);
    return at < 0 ? selected.value : columns.value.count + at;
  });

  const rows = computed(() => shownRows(shape.value, isFolded, root.value));
  const rowAt = computed(() => rowsByPosition(shape.value, rows.value));
  /** Returns the row of a node, or of what it is folded into; -1 if it is outside of the chosen root. */
  const rowOf = (node: number): number => rowAt.value[shape.value.position[node] ?? -1] ?? -1;

  const whole = computed(() => wholeView(columns.value));
  const view = computed(() => {
    const chosen = parseView(parameter("view"));
    return chosen === null ? whole.value : within(chosen, whole.value);
  });
  const setView = (next: View | null): void => {
    const inside = next === null ? null : within(next, whole.peek());
    const all = inside === null || (inside.from <= whole.peek().from && inside.to >= whole.peek().to);
    setParameters({ view: all || inside === null ? null : viewText(inside) });
  };

  const wanted = computed(() => parameter("find") ?? "");
  const matches = computed(() => find(columns.value, wanted.value));
  const matching = computed(() => new Set(matches.value));

  /** Selects a node: unfolds what hides it, and leaves a root that it is not below. */
  const select = (node: number): void => {
    if (node < 0) {
      group.value = null;
      setParameters({ span: null });
      return;
    }
    together(() => {
      const hiding = nodesAbove(shape.peek(), node)
        .map(keyOf)
        .filter((key) => folded.peek().has(key));
      if (hiding.length > 0) folded.value = new Set([...folded.peek()].filter((key) => !hiding.includes(key)));
      const outside = rowOf(node) < 0 ? { root: null } : {};
      const { count, span } = columns.peek();
      group.value = node < count ? null : keyOf(node);
      setParameters(node < count ? { span: span[node] ?? null, ...outside } : outside);
    });
  };
  const move = (by: number): void => {
    const list = rows.peek();
    if (list.length === 0) return;
    const at = cursor.peek() < 0 ? -1 : rowOf(cursor.peek());
    const next = at < 0 ? (by > 0 ? 0 : list.length - 1) : Math.max(0, Math.min(list.length - 1, at + by));
    select(shape.peek().node[list[next] ?? 0] ?? 0);
  };
  const moveTo = (end: "first" | "last"): void => {
    const list = rows.peek();
    const position = end === "first" ? list[0] : list.at(-1);
    if (position !== undefined) select(shape.peek().node[position] ?? 0);
  };
  const step = (list: readonly number[], forwards: boolean): void => {
    const next = nextOf(list, selected.peek() < 0 ? null : selected.peek(), forwards);
    if (next !== null) select(next);
  };
  const zoomTo = (node: number): void => {
    const { count, start, length } = columns.peek();
    const spans = node < count ? [node] : (shape.peek().groups[node - count]?.spans ?? []);
    const from = Math.min(...spans.map((span) => start[span] ?? 0));
    const to = Math.max(...spans.map((span) => (start[span] ?? 0) + (length[span] ?? 0)));
    if (spans.length > 0) setView(around(from, to - from));
  };

  return {
    columns,
    outline: shape,
    logs,
    keyOf,
    folded,
    isFolded,
    isParent,
    fold,
    foldAll,
    root,
    selected,
    cursor,
    rows,
    rowOf,
    whole,
    view,
    setView,
    matches,
    matching,
    wanted,
    select,
    move,
    moveTo,
    step,
    zoomTo,
    zoom: (time: number, factor: number) => setView(zoomed(view.peek(), time, factor)),
    critical: computed(() => parameter("critical") !== null),
    links: computed(() => parameter("links") !== null),
    tab: computed((): DetailTab => DETAIL_TABS.find((tab) => tab === parameter("tab")) ?? "attributes"),
    /** Whether the panel is open without a span: for the logs of the request. */
    open: computed(() => parameter("span") !== null || parameter("tab") !== null),
  };
}
