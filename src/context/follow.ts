import { lstatSync, readdirSync, readlinkSync } from "node:fs";
import { contextPath } from "../dockerfile/paths.ts";
import { compileGlob, hasWildcard } from "../dockerfile/pattern.ts";
import { isGone } from "./file-error.ts";
import { unreadable } from "./walk.ts";

/** As many links in a row as Linux follows. */
const MAX_LINKS = 40;

/**
 * The include patterns for paths of which the links are to be followed, as BuildKit's transfer makes them: the paths
 * themselves, every link on their way, and where those lead inside of `root`. Undefined when one of them is the root:
 * then nothing is to be left out.
 */
export function followPaths(root: string, paths: readonly string[]): readonly string[] | undefined {
  const patterns = new Set<string>();
  const seen = new Set<string>();
  let pending = paths.map(contextPath);
  for (let links = 0; pending.length > 0 && links <= MAX_LINKS; links += 1) {
    const next: string[] = [];
    for (const path of pending) {
      if (path === "") return undefined;
      if (seen.has(path)) continue;
      seen.add(path);
      const { pattern, targets } = follow(root, path);
      patterns.add(pattern);
      next.push(...targets);
    }
    pending = next;
  }
  return outermost([...patterns].sort());
}

/** Sorted paths without those below another one. */
function outermost(sorted: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (const path of sorted) {
    const last = kept.at(-1);
    if (last === undefined || !path.startsWith(`${last}/`)) kept.push(path);
  }
  return kept;
}

/** The first link on a path, with the paths that it makes of the whole; the path itself where there is none. */
function follow(root: string, path: string): { readonly pattern: string; readonly targets: readonly string[] } {
  const names = path.split("/");
  for (const [index, name] of names.entries()) {
    const parent = names.slice(0, index).join("/");
    const current = parent === "" ? name : `${parent}/${name}`;
    const targets = (hasWildcard(name) ? matching(root, parent, name) : [current]).flatMap((one) => target(root, one));
    if (targets.length === 0) continue;
    const rest = names.slice(index + 1).join("/");
    return { pattern: current, targets: targets.map((reached) => contextPath(`${reached}/${rest}`)) };
  }
  return { pattern: path, targets: [] };
}

function matching(root: string, parent: string, pattern: string): readonly string[] {
  const test = compileGlob(pattern);
  if (!test) return [];
  try {
    const names = readdirSync(`${root}/${parent}`).filter(test).sort();
    return names.map((name) => (parent === "" ? name : `${parent}/${name}`));
  } catch (error) {
    if (isGone(error)) return [];
    throw unreadable(parent, error);
  }
}

/** Where a link points, seen from the root; nothing for what is no link. */
function target(root: string, path: string): readonly string[] {
  try {
    const full = `${root}/${path}`;
    if (lstatSync(full, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return [];
    const link = readlinkSync(full);
    const parent = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
    return [contextPath(link.startsWith("/") ? link : `${parent}/${link}`)];
  } catch (error) {
    if (isGone(error)) return [];
    throw unreadable(path, error);
  }
}
