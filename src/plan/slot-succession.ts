import { movesToNewNetwork } from "./network-moves.ts";
import type { ObservedContainer } from "./observed.ts";
import { slotTarget } from "./operation.ts";
import type { ActionId } from "./plan.ts";
import { type SlotState, type SlotWish, isFinished } from "./slot-state.ts";
import { sharersToRestart } from "./slot-replacement.ts";
import type { SlotSurroundings } from "./slot-surroundings.ts";
import { stopSeconds } from "./teardown.ts";

/**
 * The container that an interrupted replacement was to take the place of, where the new one is there and right: until
 * that one is known to be ready, the old one is the way back.
 */
export function predecessorOf(state: SlotState, wish: SlotWish): ObservedContainer | undefined {
  const { current, leftovers } = state;
  if (!current || current.state === "paused" || isFinished(current, wish)) return undefined;
  if (state.replace.length > 0 || movesToNewNetwork(state, wish)) return undefined;
  return leftovers.find(isServing) ?? leftovers.find((container) => container.state === "exited");
}

function isServing({ state }: ObservedContainer): boolean {
  return state === "running" || state === "restarting" || state === "paused";
}

/** Goes on with a replacement that was interrupted after the new container had been made. */
export function planSuccession(
  of: { readonly current: ObservedContainer; readonly predecessor: ObservedContainer },
  wish: SlotWish,
  around: SlotSurroundings,
): ActionId {
  const { current, predecessor } = of;
  const { wanted } = wish;
  return around.builder.add(
    slotTarget(wanted.slot),
    {
      kind: "container.replace",
      slot: wanted.slot,
      id: predecessor.id,
      name: wanted.name,
      temporaryName: current.name,
      successor: current.id,
      timeoutSeconds: stopSeconds(wanted.service),
      // Whoever interrupted the replacement may have stopped it; what runs to its end must not run again.
      oldWasRunning: wish.until !== "completed",
      ...sharersToRestart(predecessor, around),
      until: wish.until,
    },
    { reasons: [{ code: "leftover" }], after: [...around.needs, ...around.dependencies] },
  );
}
