import { slotTarget } from "./operation.ts";
import type { ActionId } from "./plan.ts";
import type { Reason } from "./reason.ts";
import type { SlotWish } from "./slot-state.ts";
import type { SlotSurroundings } from "./slot-surroundings.ts";

/** Start of a container that is there or made by this plan, and the wait until it is ready. */
export function planStart(
  wish: SlotWish,
  of: {
    readonly around: SlotSurroundings;
    readonly after: readonly ActionId[];
    readonly reasons: readonly Reason[];
    readonly id?: string;
  },
): ActionId {
  const { around, after, reasons, id } = of;
  const target = slotTarget(wish.wanted.slot);
  const known = id === undefined ? {} : { id };
  const started = around.builder.add(
    target,
    { kind: "container.start", slot: wish.wanted.slot, ...known },
    { reasons, after: [...after, ...around.dependencies] },
  );
  return planWait(wish, { around, after: started, known });
}

/** The wait until the service of a started container is ready. */
export function planWait(
  wish: SlotWish,
  of: { readonly around: SlotSurroundings; readonly after: ActionId | undefined; readonly known: { id?: string } },
): ActionId {
  return of.around.builder.add(
    slotTarget(wish.wanted.slot),
    { kind: "container.wait", slot: wish.wanted.slot, until: wish.until, ...of.known },
    { reasons: [{ code: "dependency" }], after: [of.after] },
  );
}
