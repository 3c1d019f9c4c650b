import type { OpenSource } from "./source.ts";

/** What polling costs this process. */
export interface PollingCost {
  /** Milliseconds between looks. */
  readonly everyMs: number;
  /** Share of one processor, all that this process does included. */
  readonly percent: number;
}

/** Milliseconds over which the cost is reckoned. */
const COST_MS = 10_000;

/**
 * A source for file systems that send no events: everything is looked at every now and then. `onCost` is told every ten
 * seconds what that takes.
 */
export function pollingSource(everyMs: number, onCost: (cost: PollingCost) => void): OpenSource {
  return async (_coverage, { clock, tell }) => {
    const end = new AbortController();
    const poll = async (): Promise<void> => {
      let [since, used] = [clock.now(), process.cpuUsage()];
      while (!end.signal.aborted) {
        await clock.sleep(everyMs, end.signal).catch(() => undefined);
        if (end.signal.aborted) return;
        tell({ kind: "everything", because: "it is polled" });
        const passed = clock.now() - since;
        if (passed < COST_MS) continue;
        const { user, system } = process.cpuUsage(used);
        onCost({ everyMs, percent: ((user + system) / 1000 / passed) * 100 });
        [since, used] = [clock.now(), process.cpuUsage()];
      }
    };
    const polling = poll();
    return {
      cover: async () => undefined,
      again: () => undefined,
      [Symbol.asyncDispose]: async () => {
        end.abort();
        await polling;
      },
    };
  };
}
