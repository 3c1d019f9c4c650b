import type { Observed, ObservedContainer } from "./observed.ts";
import type { Action } from "./plan.ts";
import type { PlanBuilder } from "./plan-builder.ts";
import { slotTarget } from "./operation.ts";
import { slotOf } from "./slot-state.ts";

/**
 * A network goes only when no container is on it: those that this plan removes are removed before, and those that it
 * replaces are taken off it (their replacement may need what needs the network's successor).
 */
export function leaveRemovedNetworks(observed: Observed, builder: PlanBuilder): void {
  for (const removal of builder.actions()) {
    if (removal.operation.kind !== "network.remove") continue;
    const { id, name } = removal.operation;
    for (const container of observed.containers.filter(({ networks }) => networks[name] === id))
      leave(container, { removal, network: { id, name }, builder });
  }
}

function leave(
  container: ObservedContainer,
  of: {
    readonly removal: Action;
    readonly network: { readonly id: string; readonly name: string };
    readonly builder: PlanBuilder;
  },
): void {
  const { removal, network, builder } = of;
  const gone = builder
    .actions()
    .find(({ operation }) => operation.kind === "container.remove" && operation.id === container.id);
  if (gone) {
    builder.order(removal.id, gone.id);
    return;
  }
  const slot = slotOf(container);
  const replaced = builder
    .actions()
    .some(({ operation }) => operation.kind === "container.replace" && operation.id === container.id);
  if (!replaced || !slot) return;
  const off = builder.add(
    slotTarget(slot),
    { kind: "network.disconnect", network: network.id, container: container.id },
    { reasons: removal.reasons, qualifier: network.name },
  );
  builder.order(removal.id, off);
}
