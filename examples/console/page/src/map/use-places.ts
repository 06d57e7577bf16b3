/** The places of nodes, laid out beside the page and kept between updates. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { GraphLayout } from "../worker/messages";
import { inWorker } from "../worker/client";
import { type Places, type Plan, type Point, arrange, signature } from "./arrange";
import { settle } from "./settle";

/** Every place that a node ever had on this page: a node that comes back comes back there. */
const remembered = new Map<string, Point>();

/** Returns places for the nodes of a plan, or `null` while the first are worked out; and a way to forget them. */
export function usePlaces(plan: Plan | null): { places: Places | null; tidy: () => void } {
  const [places, setPlaces] = useState<Places | null>(null);
  const [turn, setTurn] = useState(0);
  const latest = useRef(plan);
  latest.current = plan;
  const known = plan === null ? null : signature(plan);

  useEffect(() => {
    const wanted = latest.current;
    if (wanted === null || wanted.nodes.length === 0) return;
    let here = true;
    const found = (fresh: Places): void => {
      const settled = settle(remembered, fresh, wanted);
      for (const [id, point] of settled) remembered.set(id, point);
      if (here) setPlaces(settled);
    };
    arrange(wanted, (job) => inWorker<GraphLayout>(job)).then(found, (error) => console.error(error));
    return () => {
      here = false;
    };
  }, [known, turn]);

  const tidy = (): void => {
    remembered.clear();
    setTurn(turn + 1);
  };
  return { places, tidy };
}
