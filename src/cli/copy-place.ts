import { posix } from "node:path";
import type { Engine } from "../engine/engine.ts";
import { DockError } from "../error.ts";

/** One side of a copy, as the command line names it. */
export type CopyPlace =
  | { readonly kind: "service"; readonly service: string; readonly path: string }
  | { readonly kind: "local"; readonly path: string }
  /** Our standard input or output, as a tar. */
  | { readonly kind: "tar" };

/** Reads a side of a copy: `-`, `SERVICE:PATH`, or a path of this machine; one with a colon in it begins with `./` or `/`. */
export function copyPlace(text: string): CopyPlace {
  if (text === "-") return { kind: "tar" };
  const colon = text.indexOf(":");
  if (colon < 1 || /^[./~]/.test(text)) return { kind: "local", path: text };
  const path = text.slice(colon + 1);
  return { kind: "service", service: text.slice(0, colon), path: posix.isAbsolute(path) ? path : `/${path}` };
}

/** A path whose last part stands for what is in it: `dir/.` */
export function meansContents(path: string): boolean {
  return /(?:^|\/)\.$/.test(path);
}

/** A path that says it is a directory: by a slash or `/.` at its end. */
export function meansDirectory(path: string): boolean {
  return path.endsWith("/") || meansContents(path);
}

/** What a copy finds at a place. */
export interface CopyEnd {
  /** Without what says that it is a directory. */
  readonly path: string;
  readonly kind: "file" | "directory" | "missing";
  /** Whether the command line says that it is a directory. */
  readonly saidDirectory: boolean;
}

/** Where the source goes: as an entry with this name in a directory that is there; no name: its contents go there. */
export interface CopyTarget {
  readonly directory: string;
  readonly name: string | undefined;
}

/**
 * The rules of docker: into a directory that is there, over a file, or under a new name beside what is there. `contents`
 * says that the source is what is in a directory. What can't be is a usage error.
 */
export function copyTarget(
  source: { readonly name: string; readonly kind: "file" | "directory"; readonly contents: boolean },
  end: CopyEnd,
  at: Pick<typeof posix, "dirname" | "basename">,
): CopyTarget {
  if (end.kind === "directory") {
    return { directory: end.path, name: source.contents ? undefined : source.name };
  }
  if (end.kind === "file" && source.kind === "directory") {
    throw new DockError("usage", `${end.path} is a file: a directory can't be copied over it`);
  }
  if (end.saidDirectory && (end.kind === "file" || source.kind === "file")) {
    const what = end.kind === "file" ? "is no directory" : "is not there";
    throw new DockError("usage", `${end.path}, where the file was to go, ${what}`, {
      hint: "make the directory, or leave out the slash to give the copy that name",
    });
  }
  return { directory: at.dirname(end.path), name: at.basename(end.path) };
}

/** A path in a container: what it is, after following a link where that is asked for. */
export interface ContainerPath {
  readonly path: string;
  readonly name: string;
  readonly kind: "file" | "directory" | "link" | "missing";
}

/** Links that may lead to one another. */
const MOST_LINKS = 40;

/** Looks at a path in a container; a link is followed if asked, a circle of links is an error. */
export async function lookAt(
  engine: Engine,
  of: { readonly container: string; readonly path: string; readonly followLinks: boolean },
  signal: AbortSignal,
): Promise<ContainerPath> {
  let path = trimmed(of.path);
  for (let links = 0; links < MOST_LINKS; links += 1) {
    const stat = await engine.statPath(of.container, path, signal);
    if (!stat) return { path, name: posix.basename(path), kind: "missing" };
    if (stat.kind !== "link" || !of.followLinks) return { path, name: posix.basename(path), kind: stat.kind };
    path = posix.resolve(posix.dirname(path), stat.linkTarget);
  }
  throw new DockError("operation-failed", `${of.path} leads through too many links`);
}

/** The path without what says that it is a directory. */
export function trimmed(path: string): string {
  return path.replace(/(?:\/\.?)+$/, "") || (path.startsWith("/") ? "/" : ".");
}
