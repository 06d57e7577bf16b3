/** What an invocation's time went to: to its own work, or to waiting on others. */

export interface Waited {
  readonly duration: number;
  readonly waiting: number;
  readonly waiting_on: readonly { readonly node: string; readonly time: number; readonly share: number }[];
}

/** A piece of the bar; shares of the duration. `node` is null for own work and for the rest of the waiting. */
export interface Piece {
  readonly of: "work" | "waiting" | "others";
  readonly node: string | null;
  readonly share: number;
  readonly time: number;
}

/**
 * Splits a duration into pieces that sum to it. The waiting on each callee is scaled down to what was waited in all,
 * because calls at the same time are counted for each callee.
 */
export function pieces(row: Waited): Piece[] {
  if (!(row.duration > 0)) return [];
  const waiting = Math.min(row.duration, Math.max(0, row.waiting));
  const named = row.waiting_on.filter((each) => each.time > 0);
  const sum = named.reduce((total, each) => total + each.time, 0);
  const scale = sum > waiting ? waiting / sum : 1;
  const made: Piece[] = [piece("work", null, row.duration - waiting, row.duration)];
  for (const { node, time } of named) made.push(piece("waiting", node, time * scale, row.duration));
  const rest = waiting - sum * scale;
  if (rest > row.duration * 1e-6) made.push(piece("others", null, rest, row.duration));
  return made.filter((each) => each.time > 0);
}

function piece(of: Piece["of"], node: string | null, time: number, duration: number): Piece {
  return { of, node, time, share: time / duration };
}
