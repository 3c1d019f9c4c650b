import { DockError } from "../error.ts";
import type { Handover, Replacement, SlotRef } from "../plan/operation.ts";
import { slotTarget } from "../plan/operation.ts";
import { slotOf } from "../plan/slot-state.ts";
import { createSlotContainer } from "./create-container.ts";
import { deliverToUnstarted, removeFileVolumes } from "./deliver-files.ts";
import { type Execution, wantedSlot } from "./execution.ts";
import { runPreStop } from "./hooks.ts";
import { patience } from "./patience.ts";

/** How long going back after a failure may take. */
const WAY_BACK_MS = 60_000;

/**
 * Does its part of a handover around `work`, which starts one new container or waits for it: the first part makes all
 * new containers and stops all old ones, the last removes the old ones and gives the new ones their names. On failure
 * every new one is stopped and every old one started again. An interruption leaves both: the next run continues from
 * what it finds.
 */
export async function inHandover<T>(
  execution: Execution,
  of: { readonly handover: Handover | undefined; readonly work: () => Promise<T> },
  signal: AbortSignal,
): Promise<T> {
  const { handover, work } = of;
  if (!handover) return work();
  const { part, replaced } = handover;
  if (part === "first") await makeNewOnes(execution, replaced, signal);
  const result = await orGoBack(
    execution,
    {
      handover,
      work: async () => {
        if (part === "first") await stopOldOnes(execution, replaced, signal);
        return work();
      },
    },
    signal,
  );
  if (part === "last") await removeOldOnes(execution, replaced, signal);
  return result;
}

/** Makes the new containers while the old ones run: bad mounts, options and images fail here. */
export async function makeNewOnes(
  execution: Execution,
  replaced: readonly Replacement[],
  signal: AbortSignal,
): Promise<void> {
  const made: string[] = [];
  try {
    for (const { slot, successor, temporaryName } of replaced) {
      const wanted = wantedSlot(execution, slot);
      if (successor !== undefined) await deliverToUnstarted(execution, { id: successor, wanted }, signal);
      else made.push(await createSlotContainer(execution, { wanted, name: temporaryName }, signal));
    }
  } catch (error) {
    if (signal.aborted || !(error instanceof DockError)) throw error;
    const cleanup = patience(WAY_BACK_MS, "remove containers that are not needed");
    for (const id of made) await execution.engine.removeContainer(id, { volumes: false }, cleanup);
    throw error;
  }
}

/** Stops the old containers, all at once. */
export async function stopOldOnes(
  execution: Execution,
  replaced: readonly Replacement[],
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    replaced.map(async ({ id, timeoutSeconds }) => {
      await beforeStop(execution, id, signal);
      await execution.engine.stopContainer(id, timeoutSeconds, signal);
    }),
  );
}

/** What a container's service wants done in it before it stops, where it runs and the file still has its service. */
export async function beforeStop(execution: Execution, id: string, signal: AbortSignal): Promise<void> {
  const { engine, project, observed, emit } = execution;
  const container = observed.containers.find((candidate) => candidate.id === id);
  const service = container && project.services[slotOf(container)?.service ?? ""];
  if (!service || container.state !== "running") return;
  await runPreStop({ engine, container: id, service }, emit, signal);
}

/** The new containers serve: removes the old ones and gives the new ones their names. */
export async function removeOldOnes(
  execution: Execution,
  replaced: readonly Replacement[],
  signal: AbortSignal,
): Promise<void> {
  const { engine } = execution;
  for (const replacement of replaced) {
    await engine.removeContainer(replacement.id, { volumes: false }, signal);
    await removeFileVolumes(execution, replacement.id, signal);
    const { name, temporaryName } = replacement;
    if (temporaryName !== name) await engine.renameContainer(newContainer(execution, replacement), name, signal);
  }
}

/** Does work that needs the old containers out of the way; what fails in it brings them back. */
export async function orGoBack<T>(
  execution: Execution,
  of: { readonly handover: Pick<Handover, "replaced" | "started">; readonly work: () => Promise<T> },
  signal: AbortSignal,
): Promise<T> {
  try {
    return await of.work();
  } catch (error) {
    if (signal.aborted || !(error instanceof DockError)) throw error;
    throw await goBack(execution, of.handover, error);
  }
}

/** The container that takes a replaced one's place. */
export function newContainer(
  { made }: Execution,
  { slot, successor }: { readonly slot: SlotRef; readonly successor?: string },
): string {
  const id = successor ?? made.containers.get(slotTarget(slot));
  if (id === undefined) throw new Error(`${slotTarget(slot)} has no new container`);
  return id;
}

/**
 * Starts the old containers again and removes the new ones; returns the error to report. In this order an interruption
 * leaves both, so that the next run knows that there is a way back.
 */
async function goBack(
  execution: Execution,
  { replaced, started }: Pick<Handover, "replaced" | "started">,
  error: DockError,
): Promise<DockError> {
  const { engine } = execution;
  const services = replaced.map(({ slot }) => slot.service);
  const signal = patience(WAY_BACK_MS, `bring back the old container of service ${services.join(", ")}`);
  try {
    // They may still run, on the ports of the old ones.
    for (const { slot, id, timeoutSeconds } of started) {
      const known = id ?? execution.made.containers.get(slotTarget(slot));
      if (known !== undefined) await engine.stopContainer(known, timeoutSeconds, signal);
    }
    for (const one of replaced) await engine.stopContainer(newContainer(execution, one), one.timeoutSeconds, signal);
    const serving = replaced.filter(({ oldWasRunning }) => oldWasRunning);
    // Stopped before and started after: an interruption leaves something to be seen.
    const sharers = serving.flatMap((one) => one.sharers ?? []);
    for (const sharer of sharers) await engine.stopContainer(sharer.id, sharer.timeoutSeconds, signal);
    for (const { id } of serving) await engine.startContainer(id, signal);
    for (const sharer of sharers) await engine.startContainer(sharer.id, signal);
    for (const one of replaced) await engine.removeContainer(newContainer(execution, one), { volumes: false }, signal);
  } catch (second) {
    const { message } = second as Error;
    return new DockError(error.code, `${error.message}; and going back to the old container failed: ${message}`, {
      hint: "run again: what was interrupted is continued",
      ...(error.detail === undefined ? {} : { detail: error.detail }),
      cause: error,
    });
  }
  return new DockError(error.code, `${error.message}; ${outcome(replaced)}`, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    cause: error,
  });
}

function outcome(replaced: readonly Replacement[]): string {
  const serves = replaced.some(({ oldWasRunning }) => oldWasRunning);
  if (replaced.length === 1) return serves ? "the old container serves again" : "the old container was kept";
  const services = replaced.map(({ slot }) => slot.service).join(", ");
  return `the old containers of ${services} ${serves ? "serve again" : "were kept"}`;
}
