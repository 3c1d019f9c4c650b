import type { Http2Session } from "node:http2";
import { DockError } from "../../error.ts";
import type { Clock } from "../../std/clock.ts";

/** How long this client waits for what an engine in order does at once, in milliseconds. */
export const PATIENCE = {
  /** Until a connection is handed over, and until its HTTP/2 settings arrive. */
  dial: 20_000,
  /** Until a build that was asked for shows its first sign. */
  firstSign: 60_000,
  /** Between two checks that the engine still answers, and until it answers one. */
  pingEvery: 10_000,
  pingAnswer: 20_000,
  /** Until the progress has ended after the build has. */
  lastProgress: 5_000,
  /** Until a canceled build is really gone. */
  canceled: 1_500,
  /** Until the credentials of a registry are found. */
  credentials: 30_000,
} as const;

/** Settles as `work` does, or rejects with `late()` after `milliseconds`; `work` itself is not stopped. */
export async function within<T>(
  work: Promise<T>,
  { clock, milliseconds, late }: { readonly clock: Clock; readonly milliseconds: number; readonly late: () => Error },
): Promise<T> {
  const done = new AbortController();
  const deadline = async (): Promise<never> => {
    await clock.sleep(milliseconds, done.signal);
    throw late();
  };
  try {
    return await Promise.race([work, deadline()]);
  } finally {
    done.abort();
  }
}

/** Resolves when `work` has settled in whatever way, or after `milliseconds`. */
export async function settled(
  work: Promise<unknown>,
  { clock, milliseconds }: { readonly clock: Clock; readonly milliseconds: number },
): Promise<void> {
  await within(
    work.then(
      () => undefined,
      () => undefined,
    ),
    { clock, milliseconds, late: () => new Error("late") },
  ).catch(() => undefined);
}

/** The engine is there, but says nothing. */
export function engineSilent(what: string, milliseconds: number): DockError {
  return new DockError("engine-broken", `the engine ${what} for ${Math.round(milliseconds / 1000)} seconds`, {
    hint: "see whether the engine is overloaded or paused, then build again",
  });
}

/**
 * Checks again and again that the other end of a connection answers, as a long step may say nothing for hours. Rejects
 * with `engine-broken` when it doesn't, and with the signal's reason when it aborts; never resolves.
 */
export async function watchOver(connection: Http2Session, clock: Clock, signal: AbortSignal): Promise<never> {
  for (;;) {
    await clock.sleep(PATIENCE.pingEvery, signal);
    await within(ping(connection), {
      clock,
      milliseconds: PATIENCE.pingAnswer,
      late: () => engineSilent("has not answered", PATIENCE.pingAnswer),
    });
  }
}

/** Resolves when the ping is answered; the end of a connection is told by other means. */
function ping(connection: Http2Session): Promise<void> {
  return new Promise((resolve) => {
    if (connection.destroyed || connection.closed) resolve();
    else connection.ping((error) => (error ? undefined : resolve()));
  });
}
