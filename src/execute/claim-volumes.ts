import { posix } from "node:path";
import type { ContainerBody, MountBody } from "../plan/container-body.ts";
import { dataVolumeLabels, dataVolumeName } from "../plan/data-volume.ts";
import { devVolumeLabels, devVolumeName } from "../plan/dev-volume.ts";
import { volumeLabels } from "../plan/resources.ts";
import type { WantedSlot } from "../plan/wanted.ts";
import type { Project } from "../project/model.ts";
import type { Execution } from "./execution.ts";

/** A container to be made, and the image that it is made from. */
interface Made {
  readonly wanted: WantedSlot;
  readonly imageId: string;
  readonly body: ContainerBody;
}

/**
 * The mounts of a container with every volume of the project's named and labeled. One that it would get without a name,
 * declared or by its image, is the slot's own. The engine makes what is missing with these labels: whenever it does,
 * nobody ever meets a volume of which it can't be told whose it is.
 */
export async function claimVolumes(execution: Execution, of: Made, signal: AbortSignal): Promise<readonly MountBody[]> {
  const { Mounts, Tmpfs = {} } = of.body.HostConfig;
  const taken = new Set([...Mounts.map(({ Target }) => Target), ...Object.keys(Tmpfs)].map(plainPath));
  const ofImage = (await imageVolumes(execution, of.imageId, signal))
    .filter((path) => !taken.has(plainPath(path)))
    .map((Target): MountBody => ({ Type: "volume", Target }));
  return [...Mounts, ...ofImage].map((mount) => (mount.Type === "volume" ? claimed(execution, of, mount) : mount));
}

function claimed({ project }: Execution, { wanted, imageId }: Made, mount: MountBody): MountBody {
  const { slot } = wanted;
  const own = { slot, path: plainPath(mount.Target) };
  const Source = mount.Source || dataVolumeName(project.name, own);
  const labels = labelsOf(project, Source, [
    [dataVolumeName(project.name, own), () => dataVolumeLabels(project, own)],
    [
      devVolumeName(project.name, { slot, path: mount.Target }, imageId),
      () => devVolumeLabels(project, { slot, path: mount.Target }, imageId),
    ],
  ]);
  const VolumeOptions = labels && { ...mount.VolumeOptions, Labels: labels };
  return { ...mount, Source, ...(VolumeOptions && { VolumeOptions }) };
}

/** Labels of a volume that belongs to the slot or is declared in the file; undefined for somebody else's. */
function labelsOf(
  project: Project,
  name: string,
  ofSlot: readonly (readonly [name: string, labels: () => Readonly<Record<string, string>>])[],
): Readonly<Record<string, string>> | undefined {
  const own = ofSlot.find(([candidate]) => candidate === name);
  if (own) return own[1]();
  const declared = Object.values(project.volumes).find((volume) => volume.name === name && !volume.external);
  return declared && volumeLabels(project, declared);
}

/** The paths of an image's own volumes; asked for once a run, also by containers that are made at the same time. */
async function imageVolumes({ engine, made }: Execution, id: string, signal: AbortSignal): Promise<readonly string[]> {
  const known = made.imageVolumes.get(id);
  if (known) return known;
  const asked = engine.inspectImage(id, signal).then((found) => found?.config.volumes ?? []);
  made.imageVolumes.set(id, asked);
  try {
    return await asked;
  } catch (error) {
    made.imageVolumes.delete(id);
    throw error;
  }
}

function plainPath(path: string): string {
  return posix.normalize(path).replace(/(?<=.)\/$/, "");
}
