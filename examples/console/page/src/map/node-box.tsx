/** A node on the map: a button with its name, and what is wrong with it. */

import type { MapNode } from "../api/types";
import { duration, plural } from "../ui/format";
import { Outside } from "../ui/text";
import { hideTip, tip } from "../ui/tooltip";
import { NODE, type Point } from "./arrange";
import { NodeFacts } from "./facts";
import { health } from "./health";
import { Icon, word } from "./kinds";
import { HealthMark } from "./mark";

export function NodeBox({
  node,
  at,
  chosen,
  faded,
  onChoose,
  onPoint,
  onKeyDown,
}: {
  node: MapNode;
  at: Point;
  chosen: boolean;
  faded: boolean;
  onChoose: () => void;
  onPoint: (inside: boolean) => void;
  onKeyDown: (event: KeyboardEvent) => void;
}) {
  const state = health(node.calls, node.errors);
  const facts = tip(<NodeFacts node={node} />) as Record<string, (event: never) => void>;
  const words = `: ${plural(node.calls, "call")}, ${plural(node.errors, "error")}, p50 ${duration(node.p50)}`;
  return (
    <li>
      <button
        class={`node node-${state}${faded ? " faded" : ""}`}
        data-node={node.node}
        aria-pressed={chosen}
        style={{
          width: `${NODE.width}px`,
          height: `${NODE.height}px`,
          transform: `translate(${at.x - NODE.width / 2}px, ${at.y - NODE.height / 2}px)`,
        }}
        {...facts}
        onPointerEnter={(event) => {
          onPoint(true);
          facts["onPointerEnter"]?.(event as never);
        }}
        onPointerLeave={() => {
          onPoint(false);
          hideTip();
        }}
        onFocus={(event) => {
          if (event.currentTarget.matches(":focus-visible")) onPoint(true);
          facts["onFocus"]?.(event as never);
        }}
        onBlur={() => {
          onPoint(false);
          hideTip();
        }}
        onClick={onChoose}
        onKeyDown={onKeyDown}
      >
        <Icon kind={node.kind} />
        <span class="node-text">
          <span class="node-name">
            <span class="sr-only">{word(node.kind)} </span>
            <Outside text={node.name} />
          </span>
          <span class="node-numbers">
            {node.p99 === null ? <span aria-hidden="true">{word(node.kind)}</span> : `p99 ${duration(node.p99)}`}
            <span class="sr-only">{words}</span>
          </span>
        </span>
        <HealthMark health={state} errors={node.errors} />
      </button>
    </li>
  );
}
