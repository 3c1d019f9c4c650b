import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DockError } from "../error.ts";
import type { LayoutContext } from "../project/image-model.ts";

/** What an OCI layout's index says of one of the things in it. */
export type Described = Readonly<Record<string, unknown>>;

/** The annotation that names what an index describes. */
export const REF_NAME = "org.opencontainers.image.ref.name";

/** What the index of an OCI layout describes; undefined where there is none. One that can't be read is an `operation-failed` error. */
export async function readLayoutIndex(path: string): Promise<readonly Described[] | undefined> {
  let text: string;
  try {
    text = await readFile(join(path, "index.json"), "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new DockError("operation-failed", `the OCI layout ${path} can't be read (${code ?? "unknown error"})`, {
      cause: error,
    });
  }
  const manifests = parseObject(text)?.["manifests"];
  return Array.isArray(manifests) ? (manifests as readonly Described[]) : [];
}

/** The name under which an index describes something. */
export function nameOf({ annotations }: Described): unknown {
  return annotations !== null && typeof annotations === "object" ? (annotations as Described)[REF_NAME] : undefined;
}

/** An object's members from JSON; undefined for what is none. */
export function parseObject(text: string): Described | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" ? (value as Described) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The digest of the image that a layout context means: the one it names, that of its tag, or the only one that is there.
 * A layout without it is a `not-found` error.
 */
export async function layoutDigest({ path, tag, digest }: LayoutContext): Promise<string> {
  if (digest !== undefined) return digest;
  const described = await readLayoutIndex(path);
  const names = (described ?? []).flatMap((one) => {
    const name = nameOf(one);
    return typeof name === "string" ? [name] : [];
  });
  const wanted = tag ?? "latest";
  const found =
    described?.find((one) => nameOf(one) === wanted) ??
    // Programs that write a single image often leave it without a name.
    (tag === undefined && described?.length === 1 ? described[0] : undefined);
  if (typeof found?.["digest"] === "string") return found["digest"];
  throw new DockError("not-found", `the OCI layout ${path} holds no image ${wanted}`, {
    hint:
      described === undefined
        ? "it has no index.json: name the directory that an OCI layout was unpacked into"
        : `it holds ${names.length === 0 ? "none with a name" : names.join(", ")}`,
  });
}
