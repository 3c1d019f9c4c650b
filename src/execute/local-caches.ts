import { randomBytes } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BuildRequest, CacheEntry } from "../engine/buildkit/build-request.ts";
import type { ContentStore } from "../engine/buildkit/content-store.ts";
import { DockError } from "../error.ts";
import { nameOf, parseObject, readLayoutIndex, REF_NAME } from "../gather/oci-layout.ts";
import type { BuildCache, Image } from "../project/image-model.ts";
import { contentDirectory } from "./content-directory.ts";

/** Name that a cache has in its directory unless `tag` says another one. */
const TAG = "latest";

/**
 * The caches of an image as the builder is told them, with the directories that it reads and writes over the session. A
 * directory without a cache is left out: that is how the first build finds it.
 */
export async function openCaches(image: Image): Promise<Pick<BuildRequest, "cacheFrom" | "cacheTo" | "contents">> {
  const contents: Record<string, ContentStore> = {};
  const cacheFrom: CacheEntry[] = [];
  for (const { type, attributes } of image.cacheFrom) {
    const { src, tag = TAG, ...rest } = attributes;
    if (type !== "local" || src === undefined) {
      cacheFrom.push({ type, attributes });
      continue;
    }
    const digest = rest["digest"] ?? (await readLayoutIndex(src))?.find((one) => nameOf(one) === tag)?.["digest"];
    if (typeof digest !== "string") continue;
    contents[`local:${src}`] = contentDirectory(src, { writable: false });
    cacheFrom.push({ type, attributes: { ...rest, src, digest } });
  }
  for (const dest of localDestinations(image))
    contents[`local:${dest.path}`] = contentDirectory(dest.path, { writable: true });
  return { cacheFrom, cacheTo: image.cacheTo, contents };
}

/** Names the cache that a build has written in each directory that it was written to. */
export async function keepCaches(image: Image, manifest: string | undefined): Promise<void> {
  const destinations = localDestinations(image);
  if (destinations.length === 0) return;
  const described = parseObject(manifest ?? "");
  if (!described)
    throw new DockError("engine-broken", "the engine told nothing of the build cache that it was to write");
  for (const { path, tag } of destinations) {
    const others = ((await readLayoutIndex(path)) ?? []).filter((one) => nameOf(one) !== tag);
    const manifests = [...others, { ...described, annotations: { [REF_NAME]: tag } }];
    await mkdir(path, { recursive: true });
    await replace(join(path, "oci-layout"), { imageLayoutVersion: "1.0.0" });
    await replace(join(path, "index.json"), {
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests,
    });
  }
}

function localDestinations({ cacheTo }: { readonly cacheTo: readonly BuildCache[] }): readonly {
  readonly path: string;
  readonly tag: string;
}[] {
  return cacheTo.flatMap(({ type, attributes: { dest, tag = TAG } }) =>
    type === "local" && dest !== undefined ? [{ path: dest, tag }] : [],
  );
}

/** A reader sees the file as it was or as it is now. */
async function replace(path: string, content: object): Promise<void> {
  const part = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    await writeFile(part, JSON.stringify(content));
    await rename(part, path);
  } finally {
    await rm(part, { force: true });
  }
}
