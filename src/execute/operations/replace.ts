import type { Operation } from "../../plan/operation.ts";
import { slotTarget } from "../../plan/operation.ts";
import { type Execution, wantedSlot } from "../execution.ts";
import { inHandover, makeNewOnes, newContainer, orGoBack, removeOldOnes, stopOldOnes } from "../handover.ts";
import { waitUntilProven } from "../readiness.ts";
import { afterStart, startOrExplain } from "./container.ts";

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
  const { clock } = execution;
  const { handover } = operation;
  if (handover) {
    const work = (): Promise<void> => startAndProve(operation, execution, signal);
    await inHandover(execution, { handover, work }, signal);
    return "replaced together with others that take over its ports, or it theirs";
  }
  let stoppedAt = clock.now();
  const alone = [operation];
  await makeNewOnes(execution, alone, signal);
  const work = async (): Promise<void> => {
    await stopOldOnes(execution, alone, signal);
    stoppedAt = clock.now();
    await startAndProve(operation, execution, signal);
  };
  await orGoBack(execution, { handover: { replaced: alone, started: [] }, work }, signal);
  await removeOldOnes(execution, alone, signal);
  return `replaced, ready ${Math.round(clock.now() - stoppedAt)} ms after the old one stopped`;
}

async function startAndProve(
  operation: Operation<"container.replace">,
  execution: Execution,
  signal: AbortSignal,
): Promise<void> {
  const { slot, until } = operation;
  const { clock, made } = execution;
  const wanted = wantedSlot(execution, slot);
  const id = newContainer(execution, operation);
  await startOrExplain(execution, { id, slot, paused: false }, signal);
  made.started.set(slotTarget(slot), clock.now());
  const startedAt = clock.now();
  await afterStart(execution, { id, slot }, signal);
  await waitUntilProven(execution, { wanted, id, until, startedAt }, signal);
}
