import { DockError } from "../../error.ts";
import type { Operation } from "../../plan/operation.ts";
import { slotTarget } from "../../plan/operation.ts";
import { createSlotContainer } from "../create-container.ts";
import { deliverToUnstarted, removeFileVolumes } from "../deliver-files.ts";
import { type Execution, wantedSlot } from "../execution.ts";
import { patience } from "../patience.ts";
import { waitUntilProven } from "../readiness.ts";
import { startOrExplain } from "./container.ts";

/** How long going back after a failure may take. */
const WAY_BACK_MS = 60_000;

/**
 * Replaces a container with a way back (spec §2): create the new one while the old one runs, stop the old one, start
 * the new one, watch it, remove the old one, rename. On failure the new one is removed and the old one started again.
 * An interruption leaves both: the next run continues from what it finds.
 */
export async function replaceContainer(
  operation: Operation<"container.replace">,
  execution: Execution,
  signal: AbortSignal,
): Promise<string> {
  const { engine, clock } = execution;
  const wanted = wantedSlot(execution, operation.slot);
  const target = slotTarget(operation.slot);
  const id =
    operation.successor ?? (await createSlotContainer(execution, { wanted, name: operation.temporaryName }, signal));
  if (operation.successor !== undefined) await deliverToUnstarted(execution, { id, wanted }, signal);
  let stoppedAt = clock.now();
  try {
    await engine.stopContainer(operation.id, operation.timeoutSeconds, signal);
    stoppedAt = clock.now();
    await startOrExplain(execution, { id, slot: operation.slot, paused: false }, signal);
    execution.made.started.set(target, clock.now());
    await waitUntilProven(execution, { wanted, id, until: operation.until, startedAt: clock.now() }, signal);
  } catch (error) {
    if (signal.aborted || !(error instanceof DockError)) throw error;
    throw await goBack(operation, { execution, id, error });
  }
  await engine.removeContainer(operation.id, { volumes: false }, signal);
  await removeFileVolumes(execution, operation.id, signal);
  if (operation.temporaryName !== operation.name) await engine.renameContainer(id, operation.name, signal);
  return `replaced, ready ${Math.round(clock.now() - stoppedAt)} ms after the old one stopped`;
}

/**
 * Starts the old container again and removes the new one; returns the error to report. In this order an interruption
 * leaves both, so that the next run knows that there is a way back.
 */
async function goBack(
  operation: Operation<"container.replace">,
  of: { readonly execution: Execution; readonly id: string; readonly error: DockError },
): Promise<DockError> {
  const { execution, id, error } = of;
  const signal = patience(WAY_BACK_MS, `bring back the old container of service ${operation.slot.service}`);
  try {
    // It may still run, on the ports of the old one.
    await execution.engine.stopContainer(id, operation.timeoutSeconds, signal);
    // Stopped before and started after: an interruption leaves something to be seen.
    const sharers = operation.oldWasRunning ? (operation.sharers ?? []) : [];
    for (const sharer of sharers) await execution.engine.stopContainer(sharer.id, sharer.timeoutSeconds, signal);
    if (operation.oldWasRunning) await execution.engine.startContainer(operation.id, signal);
    for (const sharer of sharers) await execution.engine.startContainer(sharer.id, signal);
    await execution.engine.removeContainer(id, { volumes: false }, signal);
  } catch (second) {
    const { message } = second as Error;
    return new DockError(error.code, `${error.message}; and going back to the old container failed: ${message}`, {
      hint: "run again: what was interrupted is continued",
      ...(error.detail === undefined ? {} : { detail: error.detail }),
      cause: error,
    });
  }
  const kept = operation.oldWasRunning ? "the old container serves again" : "the old container was kept";
  return new DockError(error.code, `${error.message}; ${kept}`, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    cause: error,
  });
}
