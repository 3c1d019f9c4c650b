import type { ObservedContainer } from "./observed.ts";
import { slotTarget } from "./operation.ts";
import { type Action, actionId } from "./plan.ts";
import type { Scope } from "./reconcile-scope.ts";
import { slotOf } from "./slot-state.ts";

/** A host port that a container gives up in this plan is taken over only afterwards. */
export function freePortsFirst(scope: Scope): void {
  const { builder, observed } = scope;
  const holders = new Map<string, ObservedContainer>();
  for (const container of observed.containers) {
    for (const port of container.ports)
      if (port.hostPort !== undefined) holders.set(`${port.hostPort}/${port.protocol}`, container);
  }
  for (const wanted of scope.slots) {
    for (const port of wanted.service.ports) {
      const holder = holders.get(`${port.hostPort}/${port.protocol}`);
      const held = holder && slotOf(holder);
      if (!held || slotTarget(held) === slotTarget(wanted.slot)) continue;
      const target = slotTarget(wanted.slot);
      const takers = [actionId("container.start", target), actionId("container.replace", target)];
      for (const freed of builder.actions().filter((action) => frees(action, holder))) {
        for (const taker of takers) builder.order(taker, freed.id);
      }
    }
  }
}

function frees(action: Action, holder: ObservedContainer): boolean {
  const { operation } = action;
  return (operation.kind === "container.stop" || operation.kind === "container.replace") && operation.id === holder.id;
}
