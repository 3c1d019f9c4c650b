import { readFile } from "node:fs/promises";
import { basename, isAbsolute, join } from "node:path";
import { type Dockerfile, parseDockerfile } from "../dockerfile/parse.ts";
import { familiarName } from "../dockerfile/reference-name.ts";
import { externalReferences, replaceReferences } from "../dockerfile/references.ts";
import type { Scope } from "../dockerfile/scope.ts";
import { DockError } from "../error.ts";
import type { ImageReference } from "../plan/inputs.ts";
import { engineReference } from "../plan/input-digest.ts";
import type { Image } from "../project/image-model.ts";
import type { Project } from "../project/model.ts";
import { neededImages, refuseImageCycle } from "./image-cycle.ts";

/** An image's Dockerfile as it was read from the disk. */
export interface ReadDockerfile {
  readonly image: Image;
  readonly dockerfile: Dockerfile;
  /** Name that the builder gets it under. */
  readonly name: string;
  /** Absolute; undefined when it is inline or part of a URL context. */
  readonly path?: string;
  readonly scope: Scope;
  /** Images that the target starts or copies from, each once. */
  readonly references: readonly ImageReference[];
  /** For each reference to another image its text in the Dockerfile → as the engine lists it. */
  readonly externalReferences: ReadonlyMap<string, string>;
  /** For each reference to an image of the project its text in the Dockerfile → that image's key. */
  readonly ownReferences: ReadonlyMap<string, string>;
}

/** Dockerfiles by image key. */
export type Dockerfiles = ReadonlyMap<string, ReadDockerfile>;

/**
 * Reads the Dockerfiles of images and of all images of the project that these start or copy from. One that can't be
 * read is a `not-found` error, a circle an `invalid-project` one; a URL context's is not looked at.
 */
export async function readDockerfiles(project: Project, keys: readonly string[]): Promise<Dockerfiles> {
  const read = new Map<string, ReadDockerfile>();
  let open = [...new Set(keys)];
  while (open.length > 0) {
    const files = await Promise.all(open.map((key) => readOne(project, key)));
    for (const file of files) read.set(file.image.key, file);
    const next = files.flatMap((file) => neededImages(file));
    open = [...new Set(next)].filter((key) => !read.has(key));
  }
  refuseImageCycle(read);
  return read;
}

async function readOne(project: Project, key: string): Promise<ReadDockerfile> {
  const image = project.images[key];
  if (!image) throw new Error(`no image ${key}`);
  const found = await readText(image);
  const dockerfile = parseDockerfile(found.text);
  const scope: Scope = {
    args: image.args,
    contexts: Object.keys(image.contexts),
    ...(image.target === undefined ? {} : { target: image.target }),
    // Built for several, what a `COPY` takes may be another file for each.
    ...(image.platforms[0] === undefined || image.platforms.length > 1 ? {} : { platform: image.platforms[0] }),
  };
  return { image, dockerfile, scope, ...found.place, ...resolveReferences(project, image, { dockerfile, scope }) };
}

interface Found {
  readonly text: string;
  readonly place: Pick<ReadDockerfile, "name" | "path">;
}

async function readText(image: Image): Promise<Found> {
  const { context, dockerfile } = image;
  if (dockerfile.kind === "inline") return { text: dockerfile.text, place: { name: "Dockerfile" } };
  if (context.kind === "url") return { text: "", place: { name: dockerfile.path } };
  const path = isAbsolute(dockerfile.path) ? dockerfile.path : join(context.path, dockerfile.path);
  const text = await readOrUndefined(path, image);
  if (text === undefined) {
    throw new DockError("not-found", `image ${image.key}: there is no Dockerfile at ${path}`, {
      hint: `set "dockerfile:" of image ${image.key}; it is relative to the context ${context.path}`,
    });
  }
  return { text, place: { name: basename(path), path } };
}

async function readOrUndefined(path: string, image: Image): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    const what = code === "EISDIR" ? "is a directory" : `can't be read (${code ?? "unknown error"})`;
    throw new DockError("not-found", `image ${image.key}: ${path} ${what}`, {
      hint: `mend it, or set "dockerfile:" of image ${image.key}`,
      cause: error,
    });
  }
}

function resolveReferences(
  project: Project,
  image: Image,
  of: { readonly dockerfile: Dockerfile; readonly scope: Scope },
): Pick<ReadDockerfile, "references" | "ownReferences" | "externalReferences"> {
  const own = new Map<string, string>();
  const external = new Map<string, string>();
  for (const { ref } of externalReferences(of.dockerfile, of.scope)) {
    const key = ownImage(project, image, ref);
    if (key === undefined) external.set(ref, engineReference(ref));
    else own.set(ref, key);
  }
  const keys = [...new Set(own.values())].sort();
  return {
    ownReferences: own,
    externalReferences: external,
    references: [
      ...keys.map((key): ImageReference => ({ kind: "image", key })),
      ...[...new Set(external.values())].sort().map((ref): ImageReference => ({ kind: "external", ref })),
    ],
  };
}

/** The image of the project that a reference means: another one's key, or one of its tags; `docker.io/…` never does (spec §1). */
function ownImage(project: Project, image: Image, ref: string): string | undefined {
  if (familiarName(ref) !== ref.replace(/:latest$/, "")) return undefined;
  if (ref !== image.key && Object.hasOwn(project.images, ref)) return ref;
  const spelled = engineReference(ref);
  const others = Object.values(project.images).filter((other) => other.key !== image.key);
  return others.find((other) => other.tags.some((tag) => engineReference(tag) === spelled))?.key;
}

/** The Dockerfile's text with the references to other images of the project replaced, line for line. */
export function textWithReferences(file: ReadDockerfile, replacement: (key: string) => string): string {
  const replacements = new Map([...file.ownReferences].map(([text, key]) => [text, replacement(key)]));
  return replaceReferences(file.dockerfile, replacements, file.scope);
}
