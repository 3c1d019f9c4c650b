import type { Project } from "../project/model.ts";
import { compareText, sha256 } from "../std/digest.ts";
import { LABEL } from "./labels.ts";
import { allMounts } from "./mode.ts";
import type { ObservedVolume } from "./observed.ts";
import type { SlotRef } from "./operation.ts";
import type { WantedSlot } from "./wanted.ts";

/**
 * Directories of a container that are volumes because files are put into them: the engine writes into no container whose
 * root file system is read-only, and what it writes below a tmpfs is hidden by that. Such a volume has what the image has
 * there, and goes with its container.
 */
export function fileVolumeDirectories({ service }: Pick<WantedSlot, "service">): readonly string[] {
  const hidden = allMounts(service).flatMap((mount) => (mount.kind === "tmpfs" ? [mount.target] : []));
  const directories = [...service.secrets, ...service.configs]
    .map(({ target }) => target.slice(0, target.lastIndexOf("/")))
    .filter((directory) => service.readOnly || hidden.some((target) => isIn(directory, target)));
  return [...new Set(directories)].sort(compareText);
}

/** The innermost of the directories that a path lies in, or undefined. */
export function directoryOf(path: string, directories: readonly string[]): string | undefined {
  return directories.filter((directory) => path.startsWith(`${directory}/`)).sort((a, b) => b.length - a.length)[0];
}

/** Name of such a volume: another spec or another image is another volume. */
export function fileVolumeName(
  project: string,
  wanted: Pick<WantedSlot, "slot" | "specDigest">,
  at: { readonly directory: string; readonly imageId: string },
): string {
  const { service, number } = wanted.slot;
  const key = sha256(`files\n${at.directory}\n${wanted.specDigest}\n${at.imageId}`).slice(0, 12);
  return `${project}_${service}_${number}_${key}`;
}

/** Labels of such a volume. One that no container uses is removed as a dev volume is. */
export function fileVolumeLabels(
  project: Pick<Project, "name" | "file">,
  slot: SlotRef,
  directory: string,
): Readonly<Record<string, string>> {
  return {
    [LABEL.project]: project.name,
    [LABEL.file]: project.file,
    [LABEL.service]: slot.service,
    [LABEL.number]: String(slot.number),
    [LABEL.devTarget]: directory,
    [LABEL.files]: "true",
  };
}

/** True for a volume that files were put into. */
export function isFileVolume({ labels }: Pick<ObservedVolume, "labels">): boolean {
  return labels[LABEL.files] === "true";
}

function isIn(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}
