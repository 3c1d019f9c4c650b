import { DockError } from "../error.ts";
import { isPortHeld, listeningProcess } from "../gather/port-holders.ts";
import { holds } from "../plan/host-ports.ts";
import { type SlotRef, slotTarget } from "../plan/operation.ts";
import { ownerOf } from "../plan/resources.ts";
import type { Port } from "../project/connection-model.ts";
import { type Execution, wantedSlot } from "./execution.ts";

/** What engines say when a start fails because somebody else has a host port. */
export const PORT_TAKEN = /port is already allocated|address already in use/i;

/** The error for a host port that was taken between the plan and the start, naming who has it. The container stays for the next run. */
export async function portTaken(
  execution: Execution,
  of: { readonly slot: SlotRef; readonly error: DockError },
  signal: AbortSignal,
): Promise<DockError> {
  const { slot, error } = of;
  const found = await holder(execution, slot, signal);
  const why = found === undefined ? error.message : `${found.holder} holds port ${found.hostPort} of ${found.hostIp}`;
  return new DockError("conflict", `service ${slot.service} could not start: ${why}`, {
    hint: "stop what holds the port, or publish another one, and run again",
    cause: error,
    ...(error.status === undefined ? {} : { status: error.status }),
  });
}

async function holder(
  execution: Execution,
  slot: SlotRef,
  signal: AbortSignal,
): Promise<{ readonly holder: string; readonly hostIp: string; readonly hostPort: number } | undefined> {
  const { engine, observed, made } = execution;
  const own = made.containers.get(slotTarget(slot));
  for (const port of wantedSlot(execution, slot).service.ports) {
    const { hostPort } = port;
    if (hostPort === undefined) continue;
    const needed = { ...port, hostPort };
    const others = await engine.listContainers({ publishing: [published(needed)] }, signal);
    const other = others.find((container) => container.id !== own && holds(container, needed));
    if (other) return { ...needed, holder: `container ${other.name} of ${ownerOf(other)}` };
    if (observed.engine.remote || !(await isPortHeld({ ...needed, service: slot.service }))) continue;
    return { ...needed, holder: await listeningProcess(hostPort) };
  }
  return undefined;
}

/** A host port as the engine's filter has it: `8080/tcp`. */
function published({ hostPort, protocol }: Pick<Port, "protocol"> & { readonly hostPort: number }): string {
  return `${hostPort}/${protocol}`;
}
