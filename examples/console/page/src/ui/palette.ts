/** The colours of services: eight that people with any colour vision tell apart, the same on every screen. */

import { token } from "./theme";

/** Tokens `--service-0` to `--service-7`. */
export const PALETTE_SIZE = 8;

/** The services in the order in which this browser met them decide which of two gets the colour that both would have. */
const KEY = "thundra-console-services";
const MOST_KEPT = 64;

const slots = new Map<string, number>();
for (const service of kept()) take(service);

/** Returns the place of a service in the palette: by its name, or the next free one where that is taken. */
export function serviceSlot(service: string): number {
  const known = slots.get(service);
  if (known !== undefined) return known;
  const slot = take(service);
  try {
    if (slots.size <= MOST_KEPT) localStorage.setItem(KEY, JSON.stringify([...slots.keys()]));
  } catch {
    // A browser that keeps nothing: colours are then the same until the page is loaded again.
  }
  return slot;
}

function kept(): string[] {
  try {
    const names: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(names) ? names.filter((name) => typeof name === "string").slice(0, MOST_KEPT) : [];
  } catch {
    return [];
  }
}

function take(service: string): number {
  let hash = 7;
  for (let at = 0; at < service.length; at += 1) hash = (hash * 31 + service.charCodeAt(at)) >>> 0;
  let slot = hash % PALETTE_SIZE;
  const taken = new Set(slots.values());
  for (let tried = 0; tried < PALETTE_SIZE && taken.size < PALETTE_SIZE && taken.has(slot); tried += 1) {
    slot = (slot + 1) % PALETTE_SIZE;
  }
  slots.set(service, slot);
  return slot;
}

/** Returns the colour of a service, for a canvas. */
export function serviceColour(service: string): string {
  return token(`--service-${serviceSlot(service)}`);
}
