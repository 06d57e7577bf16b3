/** Rows that never jump under the pointer: while the table is held, what is new waits. */

export interface Held<Row> {
  /** The rows that are shown. */
  shown: readonly Row[];
  /** How many wait to be shown. */
  waiting: number;
  /** The ids that have just come in, to point out. */
  fresh: ReadonlySet<string>;
}

interface Identified {
  id: string;
}

/** Takes a new answer: held rows keep their places and take their new values; without a hold the answer is shown. */
export function arrive<Row extends Identified>(
  before: readonly Row[],
  answer: readonly Row[],
  held: boolean,
): Held<Row> {
  const known = new Set(before.map(({ id }) => id));
  const added = answer.filter(({ id }) => !known.has(id));
  if (!held) {
    const fresh = before.length === 0 ? [] : added.map(({ id }) => id);
    return { shown: answer, waiting: 0, fresh: new Set(fresh) };
  }
  const newest = new Map(answer.map((row) => [row.id, row]));
  return { shown: before.map((row) => newest.get(row.id) ?? row), waiting: added.length, fresh: new Set() };
}

/** Returns the duration that fills a bar: nearly the longest, so that one outlier does not flatten all others. */
export function fullBar(durations: readonly number[]): number {
  const sorted = [...durations].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * 0.95)] || sorted.at(-1) || 1;
}
