import { DockError } from "../../error.ts";
import { forgetSettled, writeSettled } from "../../gather/settled.ts";
import { updatablePart, updateBody } from "../../plan/container-spec.ts";
import type { Operation, SlotRef } from "../../plan/operation.ts";
import { slotTarget } from "../../plan/operation.ts";
import { createSlotContainer } from "../create-container.ts";
import { deliverToUnstarted } from "../deliver-files.ts";
import { type Execution, wantedSlot } from "../execution.ts";
import { beforeStop, inHandover } from "../handover.ts";
import { runPostStart } from "../hooks.ts";
import { makeMountPoints } from "../mount-points.ts";
import { PORT_TAKEN, portTaken } from "../port-taken.ts";
import { waitUntilReady } from "../readiness.ts";

/** Creates a container; nothing runs yet. */
export async function createContainer(
  operation: Operation<"container.create">,
  execution: Execution,
  signal: AbortSignal,
): Promise<undefined> {
  const wanted = wantedSlot(execution, operation.slot);
  await createSlotContainer(execution, { wanted, name: operation.name }, signal);
}

/** Starts a container; a paused one goes on. */
export async function startContainer(
  operation: Operation<"container.start">,
  execution: Execution,
  signal: AbortSignal,
): Promise<undefined> {
  const work = (): Promise<void> => startNow(operation, execution, signal);
  await inHandover(execution, { handover: operation.handover, work }, signal);
}

async function startNow(
  operation: Operation<"container.start">,
  execution: Execution,
  signal: AbortSignal,
): Promise<void> {
  const id = operation.id ?? made(execution, operation.slot);
  const paused = execution.observed.containers.some((container) => container.id === id && container.state === "paused");
  if (operation.id !== undefined) {
    await deliverToUnstarted(execution, { id, wanted: wantedSlot(execution, operation.slot) }, signal);
    if (!paused) await makeLostMountPoints(execution, id, signal);
    if (!paused) await execution.fill?.(operation.slot.service, id, signal);
  }
  const isNew = operation.id === undefined;
  // One that is started again by the engine ends more than once.
  if (isNew && wantedSlot(execution, operation.slot).service.restart.policy === "no") execution.exits?.expect(id);
  await startOrExplain(execution, { id, slot: operation.slot, paused }, signal);
  execution.made.started.set(slotTarget(operation.slot), execution.clock.now());
  if (!paused) await afterStart(execution, { id, slot: operation.slot }, signal);
}

/** Makes what was deleted of the mount points since the container ran. */
async function makeLostMountPoints({ engine, observed }: Execution, id: string, signal: AbortSignal): Promise<void> {
  const mounts = observed.containers.find((container) => container.id === id)?.mounts ?? [];
  if (mounts.some(({ kind }) => kind === "bind")) await makeMountPoints(engine, id, signal);
}

/** What the service wants done in its container after a start. */
export async function afterStart(
  execution: Execution,
  of: { readonly id: string; readonly slot: SlotRef },
  signal: AbortSignal,
): Promise<void> {
  const { service } = wantedSlot(execution, of.slot);
  const { engine, settings } = execution;
  await runPostStart({ engine, container: of.id, service }, settings.readyTimeout, signal);
}

/** Starts a container; a refusal says which service it was and what may be in the way. */
export async function startOrExplain(
  execution: Execution,
  of: { readonly id: string; readonly slot: SlotRef; readonly paused: boolean },
  signal: AbortSignal,
): Promise<void> {
  try {
    if (of.paused) await execution.engine.unpauseContainer(of.id, signal);
    else await execution.engine.startContainer(of.id, signal);
  } catch (error) {
    if (!(error instanceof DockError) || error.status === undefined) throw error;
    if (PORT_TAKEN.test(error.message)) throw await portTaken(execution, { slot: of.slot, error }, signal);
    throw new DockError("not-ready", `service ${of.slot.service} could not start: ${error.message}`, {
      hint: error.hint ?? "the engine refused to run its process: check its command, user and mounts",
      cause: error,
      status: error.status,
    });
  }
}

export async function stopContainer(
  operation: Operation<"container.stop">,
  execution: Execution,
  signal: AbortSignal,
): Promise<undefined> {
  await beforeStop(execution, operation.id, signal);
  await execution.engine.stopContainer(operation.id, operation.timeoutSeconds, signal);
}

export async function removeContainer(
  operation: Operation<"container.remove">,
  { engine }: Execution,
  signal: AbortSignal,
): Promise<undefined> {
  try {
    await engine.removeContainer(operation.id, { volumes: operation.volumes }, signal);
  } catch (error) {
    if (signal.aborted || !(error instanceof DockError)) throw error;
    throw new DockError(error.code, `container ${operation.name} does not go away: ${error.message}`, {
      hint: error.hint ?? "look at the engine's log; a container that stays dead goes with a restart of the engine",
      cause: error,
      ...(error.status === undefined ? {} : { status: error.status }),
    });
  }
}

export async function renameContainer(
  operation: Operation<"container.rename">,
  { engine }: Execution,
  signal: AbortSignal,
): Promise<undefined> {
  await engine.renameContainer(operation.id, operation.name, signal);
}

export async function updateContainer(
  operation: Operation<"container.update">,
  execution: Execution,
  signal: AbortSignal,
): Promise<undefined> {
  const { engine, project, settings } = execution;
  const { spec, labelSpec } = wantedSlot(execution, operation.slot);
  const { id } = operation;
  await forgetSettled(settings.cacheDirectory, project, id);
  await engine.updateContainer(id, updateBody(spec), signal);
  await writeSettled(settings.cacheDirectory, project, { id, spec: updatablePart(labelSpec) });
}

export async function restartContainer(
  operation: Operation<"container.restart">,
  execution: Execution,
  signal: AbortSignal,
): Promise<undefined> {
  const { id, slot, timeoutSeconds } = operation;
  await beforeStop(execution, id, signal);
  await makeLostMountPoints(execution, id, signal);
  await execution.engine.restartContainer(id, timeoutSeconds, signal);
  execution.made.started.set(slotTarget(slot), execution.clock.now());
  await afterStart(execution, { id, slot }, signal);
}

export async function waitForContainer(
  operation: Operation<"container.wait">,
  execution: Execution,
  signal: AbortSignal,
): Promise<string> {
  const id = operation.id ?? made(execution, operation.slot);
  const startedAt = execution.made.started.get(slotTarget(operation.slot));
  const wanted = wantedSlot(execution, operation.slot);
  const work = (): Promise<void> =>
    waitUntilReady(execution, { wanted, id, until: operation.until, startedAt }, signal);
  await inHandover(execution, { handover: operation.handover, work }, signal);
  return operation.until === "alive" ? "running" : operation.until;
}

function made(execution: Execution, slot: SlotRef): string {
  const id = execution.made.containers.get(slotTarget(slot));
  if (id === undefined) throw new Error(`the plan starts ${slotTarget(slot)} before it creates it`);
  return id;
}
