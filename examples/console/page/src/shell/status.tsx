/** What the store holds: asked for once, for the foot and for every screen. */

import { type ComponentChildren, createContext } from "preact";
import { useContext } from "preact/hooks";
import { apiPath } from "../api/client";
import { exported } from "../api/exported";
import type { Status } from "../api/types";
import { always, useAsk } from "../api/use-ask";

const Known = createContext<Status | null>(null);

/** Asks, and lets all that is inside know. */
export function KnowsStatus({ children }: { children: ComponentChildren }) {
  const path = exported === null ? apiPath(["status"]) : null;
  const { data } = useAsk<Status>(path, { live: always, pause: 1000 });
  return <Known.Provider value={data}>{children}</Known.Provider>;
}

/** Returns what the store holds, always up to date; `null` before the first answer. */
export function useStatus(): Status | null {
  return useContext(Known);
}
