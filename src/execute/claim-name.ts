import type { CreateContainer } from "../engine/engine.ts";
import { DockError } from "../error.ts";
import { LABEL } from "../plan/labels.ts";
import type { SlotRef } from "../plan/operation.ts";
import type { Execution } from "./execution.ts";

/**
 * Creates a container. Where its name has been given, since the plan was made, to a container of the same slot that has
 * never run, the engine has only now finished what an interrupted run had asked for: that one is removed.
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
    const late = await lateComer(execution, of, { error, signal });
    if (late === undefined) throw error;
    await engine.removeContainer(late, { volumes: false }, signal);
    return engine.createContainer(of.request, signal);
  }
}

/** Id of the slot's own unused container that has the name, if that is what the engine refused for. */
async function lateComer(
  { engine, project }: Execution,
  of: { readonly request: CreateContainer; readonly slot: SlotRef },
  why: { readonly error: unknown; readonly signal: AbortSignal },
): Promise<string | undefined> {
  if (!(why.error instanceof DockError) || why.error.status !== 409) return undefined;
  const [holder] = await engine.listContainers({ names: [of.request.name] }, why.signal);
  const own =
    holder?.labels[LABEL.project] === project.name &&
    holder.labels[LABEL.file] === project.file &&
    holder.labels[LABEL.service] === of.slot.service &&
    holder.labels[LABEL.number] === String(of.slot.number);
  return own && holder.state === "created" ? holder.id : undefined;
}
