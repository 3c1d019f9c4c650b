import { setTimeout as delay } from "node:timers/promises";

/** Time as the rest of the code sees it, so that tests can own it. */
export interface Clock {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** Resolves after `milliseconds`, rejects with the signal's reason when it aborts first. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  // `performance` takes a millisecond to load, which a command that has nothing to do would notice.
  now: () => Number(process.hrtime.bigint()) / 1e6,
  sleep: async (milliseconds, signal) => {
    try {
      await delay(milliseconds, undefined, signal ? { signal } : {});
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};
