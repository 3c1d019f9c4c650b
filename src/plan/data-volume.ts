import { sha256 } from "../std/digest.ts";
import { LABEL } from "./labels.ts";
import type { SlotRef } from "./operation.ts";

/**
 * Name of the volume of a slot at a container path where the file or the image wants one without a name. Its data is
 * the user's (spec §3): the name follows from the place alone, so that replacing, `down` and an interruption keep it.
 */
export function dataVolumeName(project: string, at: { readonly slot: SlotRef; readonly path: string }): string {
  const { service, number } = at.slot;
  return `${project}_${service}_${number}_${sha256(`data\n${at.path}`).slice(0, 12)}`;
}

/** Labels of such a volume: without them nobody could tell whose it is once its container is gone. */
export function dataVolumeLabels(
  project: { readonly name: string; readonly file: string },
  at: { readonly slot: SlotRef; readonly path: string },
): Readonly<Record<string, string>> {
  return {
    [LABEL.project]: project.name,
    [LABEL.file]: project.file,
    [LABEL.service]: at.slot.service,
    [LABEL.number]: String(at.slot.number),
    [LABEL.dataTarget]: at.path,
  };
}
