import { posix } from "node:path";
import type { ContainerBody, MountBody } from "../plan/container-body.ts";
import { dataVolumeLabels, dataVolumeName } from "../plan/data-volume.ts";
import type { SlotRef } from "../plan/operation.ts";
import type { Execution } from "./execution.ts";

/**
 * Gives every volume that a container would get without a name, declared or by its image, the slot's own one, which is
 * made unless it is there. The body's mounts with those. Nothing is left to the engine, whose names say nothing.
 */
export async function nameDataVolumes(
  execution: Execution,
  of: { readonly slot: SlotRef; readonly imageId: string; readonly body: ContainerBody },
  signal: AbortSignal,
): Promise<readonly MountBody[]> {
  const { engine, project } = execution;
  const { Mounts, Tmpfs = {} } = of.body.HostConfig;
  const taken = new Set([...Mounts.map(({ Target }) => Target), ...Object.keys(Tmpfs)].map(plainPath));
  const ofImage = (await imageVolumes(execution, of.imageId, signal))
    .filter((path) => !taken.has(plainPath(path)))
    .map((Target): MountBody => ({ Type: "volume", Target }));
  const mounts: MountBody[] = [];
  for (const mount of [...Mounts, ...ofImage]) {
    if (mount.Type !== "volume" || (mount.Source ?? "") !== "") {
      mounts.push(mount);
      continue;
    }
    const at = { slot: of.slot, path: plainPath(mount.Target) };
    const name = dataVolumeName(project.name, at);
    await engine.createVolume({ name, labels: dataVolumeLabels(project, at) }, signal);
    mounts.push({ ...mount, Source: name });
  }
  return mounts;
}

/** The paths of an image's own volumes; asked for once a run. */
async function imageVolumes(execution: Execution, id: string, signal: AbortSignal): Promise<readonly string[]> {
  const { imageVolumes: known } = execution.made;
  const before = known.get(id);
  if (before) return before;
  const found = await execution.engine.inspectImage(id, signal);
  const volumes = found?.config.volumes ?? [];
  known.set(id, volumes);
  return volumes;
}

function plainPath(path: string): string {
  return posix.normalize(path).replace(/(?<=.)\/$/, "");
}
