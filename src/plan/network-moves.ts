import type { PlanBuilder } from "./plan-builder.ts";
import type { ActionId } from "./plan.ts";
import type { SlotState, SlotWish } from "./slot-state.ts";

/** A network can go only after the containers that may be on it. */
export function orderNetworkRemovals(
  wish: SlotWish,
  of: { readonly builder: PlanBuilder; readonly after: readonly ActionId[] },
): void {
  for (const { remove } of wish.networks.values()) {
    if (remove !== undefined) for (const gone of of.after) of.builder.order(remove, gone);
  }
}

/** True where a network that the container is on is made anew: the container can't be left on the old one. */
export function movesToNewNetwork(state: SlotState, wish: SlotWish): boolean {
  const { current } = state;
  return (
    current !== undefined &&
    [...wish.networks.values()].some((network) => network.remove !== undefined && network.name in current.networks)
  );
}
