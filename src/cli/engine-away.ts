import { DockError } from "../error.ts";
import { systemClock } from "../std/clock.ts";

/** How long (ms) an engine may be away. */
const LONGEST_MS = 60_000;
/** Pause (ms) between two attempts to reach it. */
const PAUSE_MS = 250;
/** How long (ms) a connection has to hold to end an absence. */
const STEADY_MS = 3000;

/**
 * Does work that listens to the engine, again whenever the engine breaks off, as it does when it is restarted; `work`
 * has to go on where it ended. Rejects when the engine stays away for a minute.
 */
export async function overAbsences(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  let awaySince: number | undefined;
  for (;;) {
    const began = systemClock.now();
    try {
      await work();
      return;
    } catch (error) {
      if (signal.aborted || !isEngineAway(error)) throw error;
      const now = systemClock.now();
      if (awaySince === undefined || now - began > STEADY_MS) awaySince = now;
      if (now - awaySince > LONGEST_MS) throw error;
      await systemClock.sleep(PAUSE_MS, signal);
    }
  }
}

function isEngineAway(error: unknown): boolean {
  return error instanceof DockError && (error.code === "engine-broken" || error.code === "engine-unreachable");
}
