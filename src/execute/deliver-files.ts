import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";
import type { MountBody } from "../plan/container-body.ts";
import { directoryOf, fileVolumeDirectories, isFileVolume } from "../plan/file-volume.ts";
import { DockError } from "../error.ts";
import type { WantedSlot } from "../plan/wanted.ts";
import type { Execution } from "./execution.ts";

/** A file as it goes into a container. */
interface DeliveredFile {
  /** Absolute path in the container. */
  readonly target: string;
  readonly content: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Puts the secrets and configs that a service is given into its container, which must not have been started. To do so
 * again changes nothing.
 */
export async function deliverFiles(
  execution: Execution,
  to: { readonly id: string; readonly wanted: WantedSlot },
  signal: AbortSignal,
): Promise<void> {
  const files = filesOf(execution, to.wanted);
  if (files.length === 0) return;
  const volumes = fileVolumeDirectories(to.wanted);
  const byDirectory = new Map<string, DeliveredFile[]>();
  for (const file of files) {
    // The engine looks at the directory that it is told when it decides whether it may write: a volume's own.
    const directory = directoryOf(file.target, volumes) ?? "/";
    byDirectory.set(directory, [...(byDirectory.get(directory) ?? []), file]);
  }
  for (const [path, those] of byDirectory) {
    const tar = Readable.from([await tarOf(those, path)]);
    await execution.engine.putArchive(to.id, { path, tar, copyUidGid: false }, signal);
  }
}

/** As `deliverFiles`, for a container that an interrupted run may have left without: one that was never started. */
export async function deliverToUnstarted(
  execution: Execution,
  to: { readonly id: string; readonly wanted: WantedSlot },
  signal: AbortSignal,
): Promise<void> {
  const found = execution.observed.containers.find(({ id }) => id === to.id);
  if (found?.state !== "created") return;
  const { secrets, configs } = to.wanted.service;
  if (execution.inputs.grantedFiles === undefined && secrets.length + configs.length > 0) {
    const { service } = to.wanted.slot;
    throw new DockError(
      "operation-failed",
      `the container of service ${service} was never started and may lack its secrets and configs`,
      {
        hint: `run "dock up ${service}"`,
      },
    );
  }
  await deliverFiles(execution, to, signal);
}

/** A body's mounts with the volumes that files need, which the engine makes together with the container. */
export function withFileVolumes(
  mounts: readonly MountBody[],
  wanted: WantedSlot,
  labeled:
    | ((directory: string) => { readonly name: string; readonly labels: Readonly<Record<string, string>> })
    | undefined,
): readonly MountBody[] {
  const added = fileVolumeDirectories(wanted).map((directory): MountBody => {
    const { name, labels } = labeled?.(directory) ?? {};
    return {
      Type: "volume",
      ...(name === undefined ? {} : { Source: name }),
      Target: directory,
      VolumeOptions: labels === undefined ? {} : { Labels: labels },
    };
  });
  return [...mounts, ...added];
}

/** Refuses files that would land in a volume of the image: they would stay there for ever. */
export function refuseHiddenFiles(wanted: WantedSlot, mounts: readonly MountBody[]): void {
  const own = new Set(fileVolumeDirectories(wanted));
  const volumes = mounts.flatMap(({ Type, Target }) => (Type === "volume" && !own.has(Target) ? [Target] : []));
  const { secrets, configs } = wanted.service;
  for (const { target, source } of [...secrets, ...configs]) {
    const volume = directoryOf(target, [...volumes, ...own]);
    if (volume === undefined || own.has(volume)) continue;
    throw new DockError(
      "invalid-project",
      `service ${wanted.slot.service} is given ${source} at ${target}, which lies in the volume that its image has at ${volume}`,
      { hint: "give it another `target`" },
    );
  }
}

/** Removes the volumes that files were put into for a container that is gone; one that another container uses is left. */
export async function removeFileVolumes(execution: Execution, container: string, signal: AbortSignal): Promise<void> {
  const { containers, volumes } = execution.observed;
  const mounts = containers.find(({ id }) => id === container)?.mounts ?? [];
  for (const volume of volumes) {
    if (!isFileVolume(volume) || !mounts.some(({ kind, source }) => kind === "volume" && source === volume.name))
      continue;
    try {
      await execution.engine.removeVolume(volume.name, signal);
    } catch (error) {
      // In use: the container that took the old one's place was made from the same.
      if (!(error instanceof DockError) || error.status !== 409) throw error;
    }
  }
}

function filesOf({ project, inputs }: Execution, { service }: WantedSlot): readonly DeliveredFile[] {
  return (["secrets", "configs"] as const).flatMap((kind) =>
    service[kind].map(({ source, target, mode, uid, gid }) => {
      const content = inputs.grantedFiles?.[kind][source];
      if (content === undefined) throw new Error(`nothing was gathered of ${kind}.${source} of ${project.name}`);
      return { target, mode, uid, gid, content: Buffer.from(content, "base64") };
    }),
  );
}

async function tarOf(files: readonly DeliveredFile[], root: string): Promise<Buffer> {
  const tar = pack();
  for (const { target, content, ...rights } of files) {
    const name = target.slice(root === "/" ? 1 : root.length + 1);
    await new Promise<void>((resolve, reject) => {
      const done = (error?: Error | null): void => (error ? reject(error) : resolve());
      tar.entry({ name, type: "file", mtime: new Date(0), ...rights }, content, done);
    });
  }
  // Without the mark that ends a tar: at it the engine would answer while the end of our request is still under way.
  tar.push(null);
  return buffer(tar as AsyncIterable<Uint8Array>);
}
