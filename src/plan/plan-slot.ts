import { removeForFreshVolumes } from "./fresh-volumes.ts";
import { movesToNewNetwork, orderNetworkRemovals } from "./network-moves.ts";
import type { ObservedContainer } from "./observed.ts";
import { slotTarget } from "./operation.ts";
import { following } from "./owner.ts";
import type { ActionId } from "./plan.ts";
import type { Reason } from "./reason.ts";
import { removeContainer } from "./remove-container.ts";
import { planContinuation } from "./slot-continuation.ts";
import { planDevVolumes } from "./slot-dev-volumes.ts";
import { planReplacement } from "./slot-replacement.ts";
import { planStart } from "./slot-start.ts";
import { type SlotWish, slotState } from "./slot-state.ts";
import { planSuccession, predecessorOf } from "./slot-succession.ts";
import type { SlotSurroundings } from "./slot-surroundings.ts";

/** Plans one slot; returns the action after which the service is ready, or undefined when it is already. */
export function planSlot(
  containers: readonly ObservedContainer[],
  wish: SlotWish,
  around: SlotSurroundings,
): ActionId | undefined {
  const state = slotState(containers, wish);
  const { current } = state;
  const build = wish.image.kind === "built" ? wish.image.image.build : undefined;
  const predecessor = build === undefined ? predecessorOf(state, wish) : undefined;
  const removed = state.leftovers
    .filter((container) => container !== predecessor)
    .map((container) =>
      removeContainer(container, { around, slot: wish.wanted.slot, reasons: [{ code: "leftover" }] }),
    );
  orderNetworkRemovals(wish, { builder: around.builder, after: removed });
  if (!current) return planCreation(wish, { ...around, needs: [...around.needs, ...removed] });
  const target = slotTarget(wish.wanted.slot);
  if (movesToNewNetwork(state, wish)) {
    // A network's new definition needs the old one gone, and that needs its containers gone.
    const gone = removeContainer(current, { around, slot: wish.wanted.slot, reasons: state.replace });
    orderNetworkRemovals(wish, { builder: around.builder, after: [gone] });
    return planCreation(wish, { ...around, needs: [...around.needs, ...removed, gone] }, state.replace);
  }
  if (wish.renewsVolumes) {
    const gone = removeForFreshVolumes(current, { around, slot: wish.wanted.slot, reasons: wish.forced });
    if (gone) return planCreation(wish, { ...around, needs: [...around.needs, ...removed, ...gone] }, state.replace);
  }
  const follows = following(current, wish.owners).conditional;
  if (state.replace.length > 0 || build !== undefined || follows.length > 0) {
    const condition =
      build !== undefined && wish.image.kind === "built"
        ? { image: wish.image.image.key, id: current.imageId }
        : undefined;
    return planReplacement(
      { ...state, current },
      { wish, condition, follows },
      { ...around, needs: [...around.needs, ...removed] },
    );
  }
  if (predecessor) {
    return planSuccession({ current, predecessor }, wish, { ...around, needs: [...around.needs, ...removed] });
  }
  const ready = planContinuation({ ...state, current }, wish, around);
  if (!around.builder.touches(target)) around.builder.unchanged(target);
  return ready;
}

function planCreation(
  wish: SlotWish,
  around: SlotSurroundings,
  reasons: readonly Reason[] = [{ code: "missing" }],
): ActionId {
  const { wanted } = wish;
  const target = slotTarget(wanted.slot);
  const volumes = planDevVolumes(wish, { around, reasons });
  const created = around.builder.add(
    target,
    { kind: "container.create", slot: wanted.slot, name: wanted.name },
    { reasons, after: [...around.needs, ...volumes] },
  );
  return planStart(wish, { around, after: [created], reasons });
}
