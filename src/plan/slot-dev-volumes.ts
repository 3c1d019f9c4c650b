import { devVolumeName, devVolumeTarget } from "./dev-volume.ts";
import type { ObservedContainer } from "./observed.ts";
import type { Action, ActionId } from "./plan.ts";
import type { Reason } from "./reason.ts";
import { type SlotWish, imageId } from "./slot-state.ts";
import type { SlotSurroundings } from "./slot-surroundings.ts";

/** Dev volumes that the new container needs and the engine lacks; their names may follow from a build's result. */
export function planDevVolumes(
  wish: SlotWish,
  of: {
    readonly around: SlotSurroundings;
    readonly reasons: readonly Reason[];
    readonly current?: ObservedContainer;
    readonly condition?: Action["onlyIfImageIsNot"];
  },
): readonly ActionId[] {
  const { around, current, condition } = of;
  const { slot, devTargets } = wish.wanted;
  const id = imageId(wish.image);
  return devTargets.flatMap((path) => {
    const name = id === undefined ? undefined : devVolumeName(around.project.name, { slot, path }, id);
    const mounted = current?.mounts.some((mount) => mount.target === path && mount.source === name) ?? false;
    if (mounted && condition === undefined) return [];
    const keptName = current && devVolumeName(around.project.name, { slot, path }, current.imageId);
    const kept = current?.mounts.some((mount) => mount.target === path && mount.source === keptName) ?? false;
    return [
      around.builder.add(
        devVolumeTarget(slot, path),
        { kind: "volume.create", volume: { kind: "dev", slot, path } },
        {
          reasons: current ? of.reasons : [{ code: "missing" }],
          after: around.needs,
          ...(condition && kept ? { onlyIfImageIsNot: condition } : {}),
        },
      ),
    ];
  });
}

/** The replaced container's dev volumes go when the new one has others. */
export function removeFormerDevVolumes(
  wish: SlotWish,
  of: {
    readonly current: ObservedContainer;
    readonly replaced: ActionId;
    readonly around: SlotSurroundings;
    readonly reasons: readonly Reason[];
    readonly condition: Action["onlyIfImageIsNot"];
    readonly unconditional: boolean;
  },
): void {
  const { current, around, condition } = of;
  const { slot } = wish.wanted;
  const id = imageId(wish.image);
  for (const mount of current.mounts) {
    const own = devVolumeName(around.project.name, { slot, path: mount.target }, current.imageId) === mount.source;
    if (!own || mount.kind !== "volume") continue;
    const stillWanted = wish.wanted.devTargets.includes(mount.target);
    const sameImage = condition === undefined && id === current.imageId;
    if (stillWanted && sameImage) continue;
    around.builder.add(
      devVolumeTarget(slot, mount.target),
      { kind: "volume.remove", name: mount.source },
      {
        reasons: of.reasons,
        after: [of.replaced],
        ...(condition && stillWanted ? { onlyIfImageIsNot: condition } : {}),
      },
    );
  }
}
