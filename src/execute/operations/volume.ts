import { DockError } from "../../error.ts";
import { devVolumeLabels, devVolumeName } from "../../plan/dev-volume.ts";
import type { Operation, VolumeRef } from "../../plan/operation.ts";
import { volumeLabels } from "../../plan/resources.ts";
import { type Execution, wantedSlot } from "../execution.ts";
import { currentImage } from "../slot-image.ts";

/** Makes a volume. A dev volume of that name that nothing uses is made anew: its filling may have been cut off. */
export async function createVolume(
  operation: Operation<"volume.create">,
  execution: Execution,
  signal: AbortSignal,
): Promise<undefined> {
  const { volume } = operation;
  if (volume.kind === "dev") return createDevVolume(volume, execution, signal);
  const { engine, project } = execution;
  const declared = project.volumes[volume.key];
  if (!declared) throw new Error(`no volume ${volume.key}`);
  await engine.createVolume(
    {
      name: volume.name,
      labels: volumeLabels(project, declared),
      options: declared.driverOpts,
      ...(declared.driver === undefined ? {} : { driver: declared.driver }),
    },
    signal,
  );
  return undefined;
}

async function createDevVolume(
  volume: Extract<VolumeRef, { kind: "dev" }>,
  execution: Execution,
  signal: AbortSignal,
): Promise<undefined> {
  const { engine, project } = execution;
  const { id } = await currentImage(execution, wantedSlot(execution, volume.slot), signal);
  const name = devVolumeName(project.name, volume, id);
  try {
    await engine.removeVolume(name, signal);
  } catch (error) {
    // In use: it was filled for the container that has it.
    if (!(error instanceof DockError) || error.status !== 409) throw error;
  }
  await engine.createVolume({ name, labels: devVolumeLabels(project, volume, id) }, signal);
}

/** Removes a volume; one that is gone already counts as removed. */
export async function removeVolume(
  operation: Operation<"volume.remove">,
  { engine }: Execution,
  signal: AbortSignal,
): Promise<undefined> {
  await engine.removeVolume(operation.name, signal);
}
