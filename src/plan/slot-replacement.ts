import type { ObservedContainer } from "./observed.ts";
import { type Operation, slotTarget } from "./operation.ts";
import type { Action, ActionId } from "./plan.ts";
import type { Reason } from "./reason.ts";
import { sharersOf } from "./shared-namespaces.ts";
import { planDevVolumes, removeFormerDevVolumes } from "./slot-dev-volumes.ts";
import { type CurrentState, type SlotWish, slotOf } from "./slot-state.ts";
import type { SlotSurroundings } from "./slot-surroundings.ts";
import { stopSeconds } from "./teardown.ts";

/** Replaces a container with its dev volumes; on a condition only, where a build may come out identical. */
export function planReplacement(
  state: CurrentState,
  of: {
    readonly wish: SlotWish;
    /** Of the build of its own image. */
    readonly condition: Action["onlyIfImageIsNot"];
    /** Replacements on a condition of the containers whose namespaces it shares. */
    readonly follows: readonly Action[];
  },
  around: SlotSurroundings,
): ActionId {
  const { current } = state;
  const { wanted } = of.wish;
  // With another reason than the build it is replaced in any case.
  const conditions = [of.condition, ...of.follows.map(({ onlyIfImageIsNot }) => onlyIfImageIsNot)].filter(
    (condition) => condition !== undefined,
  );
  const onlyIf = state.replace.length > 0 || conditions.length > 1 ? undefined : conditions[0];
  const rebuilt: readonly Reason[] = of.condition
    ? [{ code: "image-rebuilt", path: of.condition.image, before: of.condition.id }]
    : [];
  const followed = of.follows.map(({ target: path }): Reason => ({ code: "dependency-replaced", path }));
  const reasons = [...state.replace, ...rebuilt, ...followed];
  const sharers = sharersToRestart(current, around);
  const volumes = planDevVolumes(of.wish, {
    around,
    reasons,
    current,
    ...(of.condition ? { condition: of.condition } : {}),
  });
  const replaced = around.builder.add(
    slotTarget(wanted.slot),
    {
      kind: "container.replace",
      slot: wanted.slot,
      id: current.id,
      name: wanted.name,
      temporaryName: `${wanted.name}-${wanted.specDigest.slice(0, 8)}`,
      timeoutSeconds: stopSeconds(wanted.service),
      oldWasRunning: current.state === "running",
      ...sharers,
      until: of.wish.until,
    },
    {
      reasons,
      after: [...around.needs, ...volumes, ...around.dependencies],
      ...(onlyIf ? { onlyIfImageIsNot: onlyIf } : {}),
    },
  );
  removeFormerDevVolumes(of.wish, {
    current,
    replaced,
    around,
    reasons,
    condition: of.condition,
    unconditional: onlyIf === undefined,
  });
  return replaced;
}

/** What of a replacement is about containers that share the old one's namespaces; nothing where there are none. */
export function sharersToRestart(
  old: ObservedContainer,
  { project, containers }: SlotSurroundings,
): Pick<Operation<"container.replace">, "sharers"> {
  const sharers = sharersOf(old.id, containers).map((container) => {
    const service = project.services[slotOf(container)?.service ?? ""];
    return { id: container.id, timeoutSeconds: service ? stopSeconds(service) : 10 };
  });
  return sharers.length === 0 ? {} : { sharers };
}
