import { join } from "node:path";
import { effectiveService } from "../plan/mode.ts";
import { parentImages } from "../plan/input-digest.ts";
import type { FileInputs, ImageInputs, Inputs } from "../plan/inputs.ts";
import type { Image } from "../project/model.ts";
import { dockerfilePath } from "./dockerfile-path.ts";
import { pathBelow } from "./coverage.ts";
import type { Facts } from "./facts.ts";
import type { FileChange } from "./snapshot.ts";

/** Whether a change counts in an image's digest (spec §3), in the mode in use. */
export type Significance =
  | { readonly kind: "counts"; readonly why: string }
  | { readonly kind: "does-not-count" }
  /** Only digesting the inputs again can tell. */
  | { readonly kind: "unknown" };

/**
 * Whether a changed place counts for an image. With `fresh` inputs, gathered after the change, the answer is never
 * unknown: a place counts when what is known of it there differs from what was applied.
 */
export function significance(change: FileChange, image: Image, of: { readonly facts: Facts; readonly fresh: Inputs | undefined }): Significance {
  const { path } = change;
  const dockerfile = dockerfilePath(image);
  if (path === dockerfile) return { kind: "counts", why: `is the Dockerfile of image ${image.key}` };
  const names = inputNames(image, path);
  const ignoreFile = ignoreFilesOf(image, dockerfile).includes(path);
  if (names.length === 0 && !ignoreFile) return { kind: "does-not-count" };
  const before = of.facts.applied?.images[image.key];
  if (of.fresh) return compare({ before, after: of.fresh.images[image.key], names, ignoreFile }, image, of.facts);
  const counted = before && names.find((name) => name in filesInMode(before, of.facts).files);
  if (counted !== undefined && change.kind !== "created") return { kind: "counts", why: reason(image) };
  // A file that is already there and was not counted is not counted now, unless what is applied is not what was tried last.
  const settled = before !== undefined && change.kind !== "created" && !ignoreFile && !of.facts.behind;
  return settled ? { kind: "does-not-count" } : { kind: "unknown" };
}
