import { isAbsolute, join } from "node:path";
import type { FileInputs, ImageInputs, Inputs } from "../plan/inputs.ts";
import type { Image } from "../project/image-model.ts";
import { pathBelow } from "../std/path-below.ts";
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
export function significance(
  change: FileChange,
  image: Image,
  of: { readonly facts: Facts; readonly fresh: Inputs | undefined },
): Significance {
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

/** Compares what is applied with what is there now, place by place. */
function compare(
  of: {
    readonly before: ImageInputs | undefined;
    readonly after: ImageInputs | undefined;
    readonly names: readonly string[];
    readonly ignoreFile: boolean;
  },
  image: Image,
  facts: Facts,
): Significance {
  const before = of.before && filesInMode(of.before, facts);
  const after = of.after && filesInMode(of.after, facts);
  if (of.ignoreFile && before?.digest !== after?.digest)
    return { kind: "counts", why: `changes what the build of image ${image.key} sees` };
  const differs = of.names.some((name) => before?.files[name] !== after?.files[name]);
  return differs ? { kind: "counts", why: reason(image) } : { kind: "does-not-count" };
}

function reason(image: Image): string {
  return `is an input of image ${image.key}`;
}

/** Absolute path of an image's Dockerfile; undefined for one that is inline or remote. */
export function dockerfilePath({ context, dockerfile }: Image): string | undefined {
  if (dockerfile.kind === "inline" || context.kind === "url") return undefined;
  return isAbsolute(dockerfile.path) ? dockerfile.path : join(context.path, dockerfile.path);
}

/** Absolute paths of everything that the images in play take from their contexts. */
export function countedFiles(facts: Facts): readonly string[] {
  return [...facts.images].flatMap((key) => {
    const image = facts.project.images[key];
    const inputs = facts.applied?.images[key];
    if (!image || !inputs) return [];
    return Object.keys(filesInMode(inputs, facts).files).flatMap((name) => {
      const root = contextRoots(image).find(({ prefix }) => name.startsWith(prefix));
      return root ? join(root.path, name.slice(root.prefix.length)) : [];
    });
  });
}

/** What the image's digest of the mode in use counts. */
function filesInMode(inputs: ImageInputs, facts: Facts): FileInputs {
  return facts.mode === "dev" ? (inputs.devFiles ?? inputs.files) : inputs.files;
}

/** Names under which a place may stand among an image's inputs. */
function inputNames(image: Image, path: string): readonly string[] {
  return contextRoots(image).flatMap((root) => {
    const inner = pathBelow(root.path, path);
    return inner === undefined || inner === "" ? [] : [`${root.prefix}${inner}`];
  });
}

/** Context directories of an image with what their files' names begin with; named ones first, theirs is the longer. */
function contextRoots(image: Image): readonly { readonly path: string; readonly prefix: string }[] {
  const named = Object.entries(image.contexts).flatMap(([name, context]) =>
    context.kind === "directory" ? [{ path: context.path, prefix: `${name}:` }] : [],
  );
  return [...named, ...(image.context.kind === "directory" ? [{ path: image.context.path, prefix: "" }] : [])];
}

function ignoreFilesOf(image: Image, dockerfile: string | undefined): readonly string[] {
  return [
    ...(dockerfile === undefined ? [] : [`${dockerfile}.dockerignore`]),
    ...contextRoots(image).map(({ path }) => join(path, ".dockerignore")),
  ];
}
