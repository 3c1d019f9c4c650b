import type { ObservedContainer } from "./observed.ts";
import { type SlotRef, slotTarget } from "./operation.ts";
import type { PlanBuilder } from "./plan-builder.ts";
import type { ActionId } from "./plan.ts";
import type { Reason } from "./reason.ts";

/** Stops a container when it runs and removes it. */
export function removeContainer(
  container: ObservedContainer,
  of: {
    readonly around: { readonly builder: PlanBuilder };
    readonly slot: SlotRef;
    readonly reasons: readonly Reason[];
    readonly after?: readonly ActionId[];
  },
): ActionId {
  const target = slotTarget(of.slot);
  const { id, name } = container;
  const more = { reasons: of.reasons, qualifier: id.slice(0, 12) };
  const running = container.state === "running" || container.state === "restarting" || container.state === "paused";
  const stopped = running
    ? of.around.builder.add(
        target,
        { kind: "container.stop", id, name, timeoutSeconds: 10 },
        { ...more, after: of.after ?? [] },
      )
    : undefined;
  return of.around.builder.add(
    target,
    { kind: "container.remove", id, name, volumes: false },
    { ...more, after: [stopped, ...(of.after ?? [])] },
  );
}

/** Id of the action that removes an old container of a slot. */
export function leftoverRemoval(slot: SlotRef, container: ObservedContainer): ActionId {
  return `container.remove ${slotTarget(slot)} ${container.id.slice(0, 12)}`;
}
