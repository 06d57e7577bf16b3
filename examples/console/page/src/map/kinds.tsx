/** What a node is, by its shape and its icon. */

import type { ComponentChildren } from "preact";
import type { NodeKind } from "../api/types";

type Family = "compute" | "message" | "store" | "outside";

interface Look {
  readonly word: string;
  readonly family: Family;
  /** Drawn in 16 × 16, with strokes. */
  readonly icon: ComponentChildren;
}

const LOOKS: Record<NodeKind, Look> = {
  function: { word: "Function", family: "compute", icon: <path d="M4 13 8.2 5M5.2 3h1.6L11 13h1.4" /> },
  service: { word: "Service", family: "compute", icon: <path d="M3 3.5h10v3.6H3zM3 9h10v3.6H3zM5 5.3h.5M5 10.8h.5" /> },
  queue: { word: "Queue", family: "message", icon: <path d="M2.5 5h3v6h-3zM6.5 5h3v6h-3zM10.5 5h3v6h-3z" /> },
  topic: {
    word: "Topic",
    family: "message",
    icon: <path d="M4.5 8h2.5M7 8l4-4M7 8l4 4M7 8h4.5M3 8h.5M12.5 3.5h.5M12.5 8h.5M12.5 12.5h.5" />,
  },
  stream: {
    word: "Stream",
    family: "message",
    icon: <path d="M2.5 5q2.75-2.2 5.5 0t5.5 0M2.5 8.2q2.75-2.2 5.5 0t5.5 0M2.5 11.4q2.75-2.2 5.5 0t5.5 0" />,
  },
  bus: {
    word: "Event bus",
    family: "message",
    icon: <path d="M2.5 8h11M5 8V4.5M8 8v3.5M11 8V4.5M5 3.5V4M8 12v.5M11 3.5V4" />,
  },
  table: { word: "Table", family: "store", icon: <path d="M3 3.5h10v9H3zM3 6.5h10M3 9.5h10M7 6.5v6" /> },
  database: {
    word: "Database",
    family: "store",
    icon: <path d="M3.5 4.5c0-2.4 9-2.4 9 0s-9 2.4-9 0v7c0 2.4 9 2.4 9 0v-7M3.5 8c0 2.4 9 2.4 9 0" />,
  },
  bucket: {
    word: "Bucket",
    family: "store",
    icon: <path d="M3 4.5c0-1.8 10-1.8 10 0s-10 1.8-10 0l1.3 8c.2 1.3 7.2 1.3 7.4 0l1.3-8" />,
  },
  workflow: {
    word: "Workflow",
    family: "message",
    icon: <path d="M6 2.5h4v3H6zM2.5 10.5h4v3h-4zM9.5 10.5h4v3h-4zM8 5.5V8M4.5 10.5V8h7v2.5" />,
  },
  aws: {
    word: "AWS service",
    family: "outside",
    icon: <path d="M4.8 12h6.7a2.4 2.4 0 0 0 .3-4.8 3.8 3.8 0 0 0-7.3-.7A2.8 2.8 0 0 0 4.8 12z" />,
  },
  host: {
    word: "Host",
    family: "outside",
    icon: <path d="M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM2.5 8h11M8 2.5c-3 3.5-3 7.5 0 11 3-3.5 3-7.5 0-11" />,
  },
  client: {
    word: "Callers",
    family: "outside",
    icon: <path d="M8 3a2.4 2.4 0 1 0 0 4.8A2.4 2.4 0 0 0 8 3zM3.5 13c.4-5 8.6-5 9 0" />,
  },
};

/** The outline of a family, in 32 × 32. */
const SHAPES: Record<Family, string> = {
  compute: "M8 2h16a6 6 0 0 1 6 6v16a6 6 0 0 1-6 6H8a6 6 0 0 1-6-6V8a6 6 0 0 1 6-6z",
  message: "M9 3h14l8 13-8 13H9L1 16z",
  store: "M3 7c0-6 26-6 26 0v18c0 6-26 6-26 0z",
  outside: "M16 2a14 14 0 1 1 0 28 14 14 0 0 1 0-28z",
};

/** Returns the word for a kind; the console may know kinds that the page does not. */
export function word(kind: NodeKind): string {
  return (LOOKS[kind] ?? LOOKS.aws).word;
}

export function Icon({ kind, size = 32 }: { kind: NodeKind; size?: number }) {
  const { family, icon } = LOOKS[kind] ?? LOOKS.aws;
  return (
    <svg class={`node-icon node-${family}`} viewBox="0 0 32 32" width={size} height={size} aria-hidden="true">
      <path class="node-shape" d={SHAPES[family]} />
      <g
        class="node-sign"
        transform="translate(8 8)"
        fill="none"
        stroke="currentColor"
        stroke-width="1.3"
        stroke-linecap="round"
        stroke-linejoin="round"
      >
        {icon}
      </g>
    </svg>
  );
}
