/** A row of the tree: a span, or the head of a group. */

import { duration, plural } from "../ui/format";
import { serviceSlot } from "../ui/palette";
import { Outside } from "../ui/text";
import { tip } from "../ui/tooltip";
import { ERROR, KINDS, nameOf, serviceOf, SKEWED, UNFINISHED } from "./columns";
import type { Store } from "./store";

const STEP = 14;
/** The most of the tree's width that depth takes: deeper spans are not moved further to the right. */
const DEEPEST = "45%";

interface Properties {
  store: Store;
  node: number;
  position: number;
  row: number;
  top: number;
}

export function Row({ store, node, position, row, top }: Properties) {
  const columns = store.columns.value;
  const outline = store.outline.value;
  const isSpan = node < columns.count;
  const parent = store.isParent(node);
  const folded = parent && store.isFolded(node);
  const depth = outline.depth[position] ?? 0;
  const base = store.root.value < 0 ? 0 : (outline.depth[outline.position[store.root.value] ?? 0] ?? 0);
  const selected = store.cursor.value === node;
  const failed = isSpan && ((columns.flags[node] ?? 0) & ERROR) !== 0;
  const below = (outline.end[position] ?? 0) - position - 1;
  const hiddenErrors = folded
    ? (outline.errorsBefore[outline.end[position] ?? 0] ?? 0) - (outline.errorsBefore[position + 1] ?? 0)
    : 0;
  const faded = store.wanted.value !== "" && !(isSpan && store.matching.value.has(node));
  return (
    <div
      role="row"
      id={`row-${row}`}
      aria-rowindex={row + 2}
      aria-level={depth - base + 1}
      aria-expanded={parent ? !folded : undefined}
      aria-selected={selected}
      class={`span-row${selected ? " selected" : ""}${faded ? " faded" : ""}`}
      style={{ transform: `translateY(${top}px)` }}
      data-node={node}
      onClick={() => store.select(node)}
      onDblClick={() => (parent ? store.fold(node, !folded) : store.zoomTo(node))}
    >
      <div role="gridcell" class="span-name" style={{ paddingLeft: `min(${(depth - base) * STEP + 4}px, ${DEEPEST})` }}>
        {parent ? (
          <button
            class="fold"
            tabIndex={-1}
            aria-label={folded ? "Unfold" : "Fold"}
            onClick={(event) => {
              event.stopPropagation();
              store.fold(node, !folded);
            }}
          >
            <svg viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
              <path
                d={folded ? "M3.5 2 7 5 3.5 8" : "M2 3.5 5 7l3-3.5"}
                fill="none"
                stroke="currentColor"
                stroke-width="1.5"
                stroke-linecap="round"
              />
            </svg>
          </button>
        ) : (
          <span class="fold" />
        )}
        {isSpan ? (
          <SpanName store={store} at={node} failed={failed} />
        ) : (
          <GroupName store={store} group={node - columns.count} />
        )}
        {folded && (
          <span class="mark">
            {hiddenErrors > 0 && <span class="errors">▲ {hiddenErrors} of&nbsp;</span>}
            {below}
          </span>
        )}
        {isSpan && <Marks store={store} at={node} />}
      </div>
      <div role="gridcell" class="span-duration">
        {isSpan ? duration(columns.length[node]) : ""}
      </div>
      <div role="gridcell" class="span-bar">
        {isSpan && (
          <span class="sr-only">
            begins at {duration(columns.start[node])}
            {failed ? `, error: ${columns.errors.get(node) ?? "yes"}` : ""}
          </span>
        )}
      </div>
    </div>
  );
}

function SpanName({ store, at, failed }: { store: Store; at: number; failed: boolean }) {
  const columns = store.columns.value;
  const service = serviceOf(columns, at);
  const parent = columns.parent[at] ?? -1;
  // The service is said where it changes; its colour is on every row.
  const says = parent < 0 || columns.service[parent] !== columns.service[at];
  return (
    <>
      <i class="swatch" data-slot={serviceSlot(service)} />
      {says && <Outside class="row-service" text={service} />}
      <Outside class={failed ? "row-name errors" : "row-name"} text={nameOf(columns, at)} />
      {failed && <span class="sr-only">, error</span>}
    </>
  );
}

function GroupName({ store, group }: { store: Store; group: number }) {
  const { kind, spans } = store.outline.value.groups[group] ?? { kind: "attempts", spans: [] };
  const columns = store.columns.value;
  const name = nameOf(columns, spans[0] ?? 0);
  return (
    <>
      <span class="group-count">
        {kind === "attempts"
          ? plural(spans.length, "attempt")
          : `${plural(spans.length, "delivery", "deliveries")} of a message`}
      </span>
      <Outside class="row-service" text={name} />
    </>
  );
}

/** Small marks: where a root's parent came from, deliveries, why an injection was skipped. */
function Marks({ store, at }: { store: Store; at: number }) {
  const columns = store.columns.value;
  const root = columns.roots.get(at);
  const skipped = columns.skipped.get(at);
  const missing = columns.missing.get(at);
  const flags = columns.flags[at] ?? 0;
  const turn = store.outline.value.turn.get(at);
  const mark = (style: string, text: string, about: string) => (
    <span class={`mark ${style}`} data-tip {...tip(about)} key={text}>
      {text}
      <span class="sr-only"> ({about})</span>
    </span>
  );
  return (
    <span class="marks">
      {turn !== undefined &&
        mark(
          "",
          `${turn.at + 1}/${turn.group.spans.length}`,
          turn.group.kind === "attempts"
            ? `Attempt ${turn.at + 1} of ${turn.group.spans.length}`
            : `Delivery ${turn.at + 1} of ${turn.group.spans.length} that are here`,
        )}
      {(root?.failures ?? 0) > 0 &&
        mark("mark-error", `${root?.failures} failed`, `${plural(root?.failures ?? 0, "message")} of the batch failed`)}
      {(root?.delivery ?? 0) > 1 &&
        turn === undefined &&
        mark("mark-warning", `×${root?.delivery}`, `Delivery ${root?.delivery} of this message`)}
      {skipped !== undefined && mark("mark-warning", "no context", `It carries no context: ${skipped.slice(0, 200)}`)}
      {missing !== undefined && mark("mark-warning", "no parent", `Its parent ${missing.slice(0, 16)} is not here`)}
      {(flags & SKEWED) !== 0 && mark("", "skew", "It begins before its parent: clocks differ")}
      {(flags & UNFINISHED) !== 0 && mark("mark-warning", "unfinished", "Its end is not known")}
      {root?.trigger != null &&
        mark(
          "",
          root.trigger.slice(0, 16),
          root.parent_source === null ? "What began it" : `Its parent is from ${root.parent_source.slice(0, 120)}`,
        )}
      {root?.cold_start === true && mark("", "cold", "A cold start")}
      {(root?.batch ?? 0) > 1 && mark("", `batch ${root?.batch}`, `${root?.batch} messages in one invocation`)}
    </span>
  );
}

/** What the tooltip of a bar says. */
export function SpanTip({ store, node }: { store: Store; node: number }) {
  const columns = store.columns.value;
  if (node >= columns.count) {
    const group = store.outline.value.groups[node - columns.count];
    return <>{group === undefined ? "" : `${group.spans.length} ${group.kind}`}</>;
  }
  const root = columns.roots.get(node);
  const error = columns.errors.get(node);
  const peer = columns.peers.get(node);
  return (
    <div class="span-tip">
      <b>
        <Outside text={nameOf(columns, node)} />
      </b>
      <span class="soft">
        <Outside text={serviceOf(columns, node)} /> · {KINDS[columns.kind[node] ?? 0]}
        {peer !== undefined && (
          <>
            {" "}
            · to <Outside text={peer} />
          </>
        )}
      </span>
      <span>
        {duration(columns.length[node])}, from {duration(columns.start[node])}
      </span>
      {root?.queue != null && root.queue > 0 && <span>{duration(root.queue)} in the queue before</span>}
      {root?.delivery != null && root.delivery > 1 && <span>Delivery {root.delivery}</span>}
      {root?.parent_source != null && (
        <span class="soft">
          Parent from <Outside text={root.parent_source} />
        </span>
      )}
      {error !== undefined && (
        <span class="errors">
          ▲ <Outside text={error.slice(0, 300)} />
        </span>
      )}
    </div>
  );
}
