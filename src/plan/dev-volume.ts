import { sha256 } from "../std/digest.ts";
import { LABEL } from "./labels.ts";
import type { SlotRef } from "./operation.ts";

/**
 * Name of the anonymous dev volume of a slot at a container path, keyed by the id of the image that fills it (spec §3):
 * another image id is another volume.
 */
export function devVolumeName(
  project: string,
  at: { readonly slot: SlotRef; readonly path: string },
  imageId: string,
): string {
  const { service, number } = at.slot;
  return `${project}_${service}_${number}_${sha256(`${at.path}\n${imageId}`).slice(0, 12)}`;
}

/** Labels of such a volume. */
export function devVolumeLabels(
  project: { readonly name: string; readonly file: string },
  at: { readonly slot: SlotRef; readonly path: string },
  imageId: string,
): Readonly<Record<string, string>> {
  return {
    [LABEL.project]: project.name,
    [LABEL.file]: project.file,
    [LABEL.service]: at.slot.service,
    [LABEL.number]: String(at.slot.number),
    [LABEL.devTarget]: at.path,
    [LABEL.filledFrom]: imageId,
  };
}

/** Target of a dev volume in plans: `volume:<service>/<n>:<path>`. */
export function devVolumeTarget(slot: SlotRef, path: string): string {
  return `volume:${slot.service}/${slot.number}:${path}`;
}
