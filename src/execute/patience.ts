import { DockError } from "../error.ts";
import { formatDuration } from "../std/duration.ts";

/**
 * A signal for what has to be done even when the run is interrupted or has failed: it aborts after `milliseconds` with
 * an error that names `what`, in words that follow "the engine took more than 10s to".
 */
export function patience(milliseconds: number, what: string): AbortSignal {
  const controller = new AbortController();
  const late = (): void => {
    controller.abort(
      new DockError("engine-broken", `the engine took more than ${formatDuration(milliseconds)} to ${what}`, {
        hint: "it may be overloaded or hung; dock can be run again when it answers",
      }),
    );
  };
  AbortSignal.timeout(milliseconds).addEventListener("abort", late, { once: true });
  return controller.signal;
}
