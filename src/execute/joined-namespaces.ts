import { DockError } from "../error.ts";
import type { ContainerBody } from "../plan/container-body.ts";
import { LABEL } from "../plan/labels.ts";
import { slotTarget } from "../plan/operation.ts";
import { ownersOf } from "../plan/shared-namespaces.ts";
import { slotOf } from "../plan/slot-state.ts";
import type { WantedSlot } from "../plan/wanted.ts";
import { sharedService } from "../project/namespaces.ts";
import { canonicalJson } from "../std/digest.ts";
import type { Execution } from "./execution.ts";

/** Puts the containers in the place of the services whose namespaces are shared, and a label that tells which they were. */
export function joinNamespaces(execution: Execution, wanted: WantedSlot, body: ContainerBody): void {
  const owners = new Map(ownersOf(wanted.service).map((service) => [service, ownerId(execution, service, wanted)]));
  if (owners.size === 0) return;
  const joined = (mode: string | undefined): string | undefined => {
    const id = owners.get(sharedService(mode) ?? "");
    return id === undefined ? mode : `container:${id}`;
  };
  const { NetworkMode, PidMode, IpcMode } = body.HostConfig;
  for (const [key, mode] of Object.entries({ NetworkMode, PidMode, IpcMode })) {
    const now = joined(mode);
    if (now !== undefined) body.HostConfig[key as "NetworkMode"] = now;
  }
  body.Labels = { ...body.Labels, [LABEL.owners]: canonicalJson(Object.fromEntries(owners)) };
}

/** The container of a service as this run has left it. */
function ownerId(execution: Execution, service: string, { slot }: WantedSlot): string {
  const target = slotTarget({ service, number: 1 });
  const made = execution.made.containers.get(target);
  if (made !== undefined) return made;
  const operations = execution.reconciled.plan.actions.map(({ operation }) => operation);
  // A replacement that turned out not to be needed has made none.
  const kept = operations.find(
    (operation) => operation.kind === "container.replace" && slotTarget(operation.slot) === target,
  );
  if (kept?.kind === "container.replace") return kept.id;
  const removed = new Set(
    operations.flatMap((operation) => (operation.kind === "container.remove" ? [operation.id] : [])),
  );
  const found = execution.observed.containers.find((container) => {
    const own = slotOf(container);
    return own !== undefined && slotTarget(own) === target && !removed.has(container.id);
  });
  if (found) return found.id;
  throw new DockError(
    "operation-failed",
    `service ${slot.service} shares a namespace with service ${service}, which has no container`,
    { hint: `bring up ${service} first` },
  );
}
