import type { CreateContainer } from "../engine/container-calls.ts";
import { DockError } from "../error.ts";
import { LABEL } from "../plan/labels.ts";
import type { ObservedContainer } from "../plan/observed.ts";
import type { SlotRef } from "../plan/operation.ts";
import { isOwn, ownerOf } from "../plan/resources.ts";
import type { Execution } from "./execution.ts";

/**
 * Creates a container. Where its name has been given, since the plan was made, to a container of the same slot that has
 * never run, the engine has only now finished what an interrupted run had asked for: that one is removed. Where somebody
 * else has it, that is a `conflict` that names the owner.
 */
export async function createUnderName(
  execution: Execution,
  of: { readonly request: CreateContainer; readonly slot: SlotRef },
  signal: AbortSignal,
): Promise<string> {
  const { engine } = execution;
  try {
    return await engine.createContainer(of.request, signal);
  } catch (error) {
    const holder = await nameHolder(execution, of.request.name, { error, signal });
    if (!holder) throw error;
    if (!isOfSlot(execution, holder, of.slot)) throw taken(of.request.name, holder, error);
    if (holder.state !== "created") throw error;
    await engine.removeContainer(holder.id, { volumes: false }, signal);
    return engine.createContainer(of.request, signal);
  }
}

/** Who has the name, if that is what the engine refused for. */
async function nameHolder(
  { engine }: Execution,
  name: string,
  why: { readonly error: unknown; readonly signal: AbortSignal },
): Promise<ObservedContainer | undefined> {
  if (!(why.error instanceof DockError) || why.error.status !== 409) return undefined;
  const [holder] = await engine.listContainers({ names: [name] }, why.signal);
  return holder;
}

function isOfSlot({ project }: Execution, container: ObservedContainer, slot: SlotRef): boolean {
  const { labels } = container;
  return (
    isOwn(project, container) && labels[LABEL.service] === slot.service && labels[LABEL.number] === String(slot.number)
  );
}

function taken(name: string, holder: ObservedContainer, cause: unknown): DockError {
  return new DockError("conflict", `the container name "${name}" was taken meanwhile by ${ownerOf(holder)}`, {
    hint: 'remove that container, or give the service another "container_name", and run again',
    cause,
    status: 409,
  });
}
