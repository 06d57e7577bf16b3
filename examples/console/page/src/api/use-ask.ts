/** Answers of the API in components: asked for again when the path changes and when something of them arrives. */

import { useEffect, useRef, useState } from "preact/hooks";
import { effect } from "@preact/signals";
import { batch, epoch } from "../live";
import { ask, ApiError } from "./client";
import type { Batch } from "./types";

export interface Answer<T> {
  /** The newest answer; stays while the next is awaited, also that of another question, unless that fails. */
  data: T | null;
  error: ApiError | null;
  loading: boolean;
  /** Whether no answer to this question has come yet: then an empty one says nothing of it. */
  stale: boolean;
}

export interface AskOptions<T> {
  /** Whether a batch changes the answer. Without: batches are ignored. */
  live?: (batch: Batch) => boolean;
  /** The least time between two answers because of batches. */
  pause?: number;
  /** Asks in another way, for instance in a worker. */
  through?: (path: string, signal: AbortSignal) => Promise<T>;
}

/** Every batch changes the answer. */
export const always = (): boolean => true;

/** Returns the answer of a path that `apiPath` made; `null` asks nothing. */
export function useAsk<T>(path: string | null, options: AskOptions<T> = {}): Answer<T> {
  const [{ path: answered, ...answer }, setAnswer] = useState<Omit<Answer<T>, "stale"> & { path: string | null }>({
    data: null,
    error: null,
    loading: path !== null,
    path: null,
  });
  const latest = useRef(options);
  latest.current = options;

  useEffect(() => {
    if (path === null) {
      setAnswer({ data: null, error: null, loading: false, path: null });
      return;
    }
    let running: AbortController | null = null;
    let timer: number | undefined;
    let again = false;
    let asked = 0;

    const run = async (): Promise<void> => {
      clearTimeout(timer);
      timer = undefined;
      running = new AbortController();
      const { signal } = running;
      asked = Date.now();
      setAnswer((before) => ({ ...before, error: before.path === path ? before.error : null, loading: true }));
      try {
        const data = await (latest.current.through ?? ask<T>)(path, signal);
        if (!signal.aborted) setAnswer({ data, error: null, loading: false, path });
      } catch (error) {
        if (signal.aborted) return;
        const problem = error instanceof ApiError ? error : new ApiError(0, String(error));
        setAnswer((before) => ({
          data: before.path === path ? before.data : null,
          error: problem,
          loading: false,
          path,
        }));
      }
      running = null;
      if (again) {
        again = false;
        soon();
      }
    };
    const soon = (): void => {
      if (running !== null) again = true;
      else timer ??= window.setTimeout(run, Math.max(0, asked + (latest.current.pause ?? 500) - Date.now()));
    };

    void run();
    let known = batch.peek();
    let store = epoch.peek();
    const stop = effect(() => {
      const arrived = batch.value;
      const restarted = epoch.value !== store;
      store = epoch.value;
      if (restarted || (arrived !== null && arrived !== known && latest.current.live?.(arrived) === true)) soon();
      known = arrived;
    });
    return () => {
      stop();
      clearTimeout(timer);
      running?.abort();
    };
  }, [path]);

  return { ...answer, stale: answered !== path };
}
