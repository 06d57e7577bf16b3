/** Holds what is shown while someone points at it, so that nothing jumps under the pointer. */

import { useRef } from "preact/hooks";

/**
 * Returns the value of the moment at which `still` became true, for as long as it is true. A change of `key`, which
 * the person made, lets news through until they look away.
 */
export function useFrozen<T>(value: T, still: boolean, key = ""): T {
  const kept = useRef({ value, key, through: true });
  if (!still) kept.current = { value, key, through: false };
  else if (kept.current.key !== key) kept.current = { value, key, through: true };
  else if (kept.current.through || kept.current.value === null) kept.current.value = value;
  return kept.current.value;
}
