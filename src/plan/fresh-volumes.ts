import { dataVolumeName } from "./data-volume.ts";
import { devVolumeName, devVolumeTarget } from "./dev-volume.ts";
import type { ObservedContainer, ObservedMount } from "./observed.ts";
import type { SlotRef } from "./operation.ts";
import type { ActionId } from "./plan.ts";
import type { Reason } from "./reason.ts";
import { removeContainer } from "./remove-container.ts";
import type { SlotSurroundings } from "./slot-surroundings.ts";

/** A container's volumes that no file names, by what becomes of them when it asks for fresh ones. */
interface OwnVolume {
  readonly name: string;
  readonly path: string;
  /** Whether what is in it is the user's; dev volumes are filled from the image. */
  readonly isData: boolean;
}

/**
 * Removes a container with the anonymous volumes of its slot, so that the next one gets fresh ones: they have the same
 * names, so there is no way back. Undefined where it has none and can be replaced as ever.
 */
export function removeForFreshVolumes(
  container: ObservedContainer,
  of: { readonly around: SlotSurroundings; readonly slot: SlotRef; readonly reasons: readonly Reason[] },
): readonly ActionId[] | undefined {
  const { around, slot, reasons } = of;
  const volumes = container.mounts.flatMap((mount) => ownVolume(container, { mount, slot, around }) ?? []);
  if (volumes.length === 0) return undefined;
  const gone = removeContainer(container, { around, slot, reasons });
  const removals = volumes.map(({ name, path, isData }) =>
    around.builder.add(
      devVolumeTarget(slot, path),
      { kind: "volume.remove", name },
      { reasons, after: [gone], ...(isData ? { destroys: `the data of volume ${name} (${path})` } : {}) },
    ),
  );
  return [gone, ...removals];
}

function ownVolume(
  { imageId }: ObservedContainer,
  of: { readonly mount: ObservedMount; readonly slot: SlotRef; readonly around: SlotSurroundings },
): OwnVolume | undefined {
  const { mount, slot, around } = of;
  if (mount.kind !== "volume") return undefined;
  const { source: name, target: path } = mount;
  const project = around.project.name;
  if (name === dataVolumeName(project, { slot, path })) return { name, path, isData: true };
  if (name === devVolumeName(project, { slot, path }, imageId)) return { name, path, isData: false };
  return undefined;
}
