import { type KnownTree, type KnownState, rowsOf, stateAt } from "./known-tree.ts";
import type { OfferedEntry } from "./offered-entry.ts";
import type { WalkFilter } from "./walk.ts";
import { canonicalJson } from "../std/digest.ts";

/** A whole walk that a digest has just made: a builder that asks for the same need not wait for another one. */
export interface SeenTree {
  /** What the walk was made with, as `patternsOf` tells it. */
  readonly patterns: string;
  readonly tree: KnownTree;
  readonly links: ReadonlyMap<string, string>;
}

/** An entry, and the inode that it was seen with. */
export interface KnownEntry {
  readonly entry: OfferedEntry;
  readonly ino: number;
}

/** Entries that are handed over at once. */
const BATCH = 512;

/** A filter as text: equal for two filters that leave the same of every directory. */
export function patternsOf({ exclude, include }: WalkFilter): string {
  return canonicalJson([exclude?.patterns ?? [], include?.patterns ?? null]);
}

/** True when a builder can be told of all of it: of devices too little is known. */
export function isOfferable({ tree: { paths, states }, links }: SeenTree): boolean {
  let row = -1;
  return paths.every((path) => {
    if (path.endsWith("/")) return true;
    const { kind } = stateAt(states, (row += 1));
    return kind === "file" || kind === "fifo" || (kind === "symlink" && links.has(path));
  });
}

/** The entries of a tree for which `isOfferable` holds, in batches, in the order of the walk. */
export function* knownEntries({ tree, links }: SeenTree): Generator<readonly KnownEntry[]> {
  const { paths, directories, states } = tree;
  const names = new Map<number, string>();
  let row = 0;
  let directory = 0;
  const firstDirectory = rowsOf(states) - directories.length;
  let batch: KnownEntry[] = [];
  for (const text of paths) {
    if (text.endsWith("/")) {
      const path = text.slice(0, -1);
      // Directories were listed in the order of the walk, also those that are not offered.
      while (directories[directory] !== path && directory < directories.length) directory += 1;
      const { mode, mtimeNs, ino } = stateAt(states, firstDirectory + directory);
      batch.push({ entry: { path, kind: "directory", mode, size: 0, mtimeNs }, ino });
    } else {
      batch.push(known(text, stateAt(states, row), { links, names }));
      row += 1;
    }
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}

function known(
  path: string,
  { kind, mode, size, mtimeNs, ino, isLinked }: KnownState,
  { links, names }: { readonly links: ReadonlyMap<string, string>; readonly names: Map<number, string> },
): KnownEntry {
  const linkTarget = kind === "symlink" ? links.get(path) : undefined;
  if (linkTarget !== undefined) return { entry: { path, kind, mode, size, mtimeNs, linkTarget }, ino };
  if (kind !== "file") return { entry: { path, kind, mode, size: 0, mtimeNs }, ino };
  // All of a tree that is known lies on one device.
  const first = isLinked ? names.get(ino) : undefined;
  if (first !== undefined) return { entry: { path, kind, mode, size: 0, mtimeNs, hardLinkTo: first }, ino };
  if (isLinked) names.set(ino, path);
  return { entry: { path, kind, mode, size, mtimeNs }, ino };
}
