import type { SourceEntry } from "./source.ts";

/** How far a walk has come: its last path, and the directories that are still open, outermost first. */
export interface Place {
  readonly path: string;
  readonly open: readonly string[];
}

/** Before the first entry. */
export const START: Place = { path: "", open: [] };

/**
 * The place after `entry`. Throws where the builder would refuse the sequence with a less telling error: a path that is
 * not clean, an entry out of order or sent twice, or one without its parent directory.
 */
export function assertFollows(last: Place, entry: Pick<SourceEntry, "path" | "kind">): Place {
  const { path } = entry;
  if (!isClean(path)) throw new Error(`not a clean relative path: ${JSON.stringify(path)}`);
  if (last.path !== "" && comparePaths(last.path, path) >= 0) {
    throw new Error(`entries out of order: ${JSON.stringify(path)} after ${JSON.stringify(last.path)}`);
  }
  const slash = path.lastIndexOf("/");
  const parent = slash < 0 ? "" : path.slice(0, slash);
  const depth = parent === "" ? 0 : last.open.lastIndexOf(parent) + 1;
  if (parent !== "" && depth === 0) throw new Error(`entry without its directory: ${JSON.stringify(path)}`);
  if (entry.kind === "directory") return { path, open: [...last.open.slice(0, depth), path] };
  return { path, open: depth === last.open.length ? last.open : last.open.slice(0, depth) };
}

const UNCLEAN = /(?:^|\/)(?:\.{0,2})(?:\/|$)|\0/;

function isClean(path: string): boolean {
  return !UNCLEAN.test(path);
}

/** The order of a walk: by the UTF-8 bytes of the names, with "/" below every other byte. */
export function comparePaths(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at += 1) {
    const unitA = a.charCodeAt(at);
    const unitB = b.charCodeAt(at);
    if (unitA !== unitB) return rank(unitA) - rank(unitB);
  }
  return a.length - b.length;
}

/** In UTF-16 the surrogates, which stand for the highest code points, come before U+E000 to U+FFFF; in UTF-8 after. */
function rank(unit: number): number {
  if (unit === 0x2f) return -1;
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
