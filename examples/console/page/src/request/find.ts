/** The search inside a request. */

import { idOf, type Columns } from "./columns";

/** Returns the places of spans that hold a text in their name, service, id, error, peer, or what began them. */
export function find(columns: Columns, text: string): number[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return [];
  const holds = (value: string | null | undefined): boolean => value?.toLowerCase().includes(wanted) === true;
  const names = columns.names.map(holds);
  const services = columns.services.map(holds);
  const places: number[] = [];
  for (let at = 0; at < columns.count; at += 1) {
    const root = columns.roots.get(at);
    if (
      names[columns.name[at] ?? -1] === true ||
      services[columns.service[at] ?? -1] === true ||
      holds(columns.errors.get(at)) ||
      holds(columns.peers.get(at)) ||
      holds(root?.request_id) ||
      holds(root?.trigger) ||
      holds(root?.correlation) ||
      (wanted.length >= 4 && idOf(columns, at).startsWith(wanted))
    )
      places.push(at);
  }
  return places;
}

/** Returns the next of a sorted list after a place (or before it), from the other end where there is none. */
export function nextOf(list: readonly number[], after: number | null, forwards: boolean): number | null {
  if (list.length === 0) return null;
  if (after === null) return (forwards ? list[0] : list.at(-1)) ?? null;
  const at = list.indexOf(after);
  if (at >= 0) return list[(at + (forwards ? 1 : list.length - 1)) % list.length] ?? null;
  const found = forwards ? list.find((place) => place > after) : list.findLast((place) => place < after);
  return found ?? (forwards ? list[0] : list.at(-1)) ?? null;
}

/** Returns the time of a span that none of its children covers. */
export function selfTime(columns: Columns, at: number): number {
  const start = columns.start[at] ?? 0;
  const end = start + (columns.length[at] ?? 0);
  const pieces: [number, number][] = [];
  for (let child = at + 1; child < columns.count; child += 1) {
    if ((columns.parent[child] ?? -1) < at) break;
    if (columns.parent[child] !== at) continue;
    const from = Math.max(start, columns.start[child] ?? 0);
    const to = Math.min(end, (columns.start[child] ?? 0) + (columns.length[child] ?? 0));
    if (to > from) pieces.push([from, to]);
  }
  pieces.sort((a, b) => a[0] - b[0]);
  let covered = 0;
  let until = start;
  for (const [from, to] of pieces) {
    covered += Math.max(0, to - Math.max(from, until));
    until = Math.max(until, to);
  }
  return end - start - covered;
}

/** Returns the span that began the work that a span belongs to: the nearest root at or above it. */
export function rootOf(columns: Columns, at: number): number {
  let place = at;
  while (!columns.roots.has(place) && (columns.parent[place] ?? -1) >= 0) place = columns.parent[place] ?? -1;
  return place;
}
