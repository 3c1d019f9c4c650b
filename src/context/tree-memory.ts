import { statfsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { sha256 } from "../std/digest.ts";
import { storeChecked } from "./checked-file.ts";
import { isState, type KnownTree, lstatOf, rowsOf } from "./known-tree.ts";

/** Where a tree is remembered, and under what. */
export interface TreePlace {
  readonly folder: string;
  /** One tree is kept for each. */
  readonly slot: string;
  /** What the walk depended on but the file system: under another one the tree is not known. */
  readonly key: string;
}

/** How long a walk over what is known may keep the event loop to itself, in milliseconds. */
const SLICE = 8;

const FORMAT = "dock-tree/2";

/** Characters that are written at once. */
const CHUNK = 256 * 1024;

/**
 * File systems of Linux that change a directory's times whenever a name in it comes, goes or is moved, and that only
 * this machine changes: ext4, xfs, btrfs, tmpfs, overlay, zfs, f2fs, bcachefs. Elsewhere nothing is remembered.
 */
const TRUE_TIMES: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0x2fc12fc1, 0xf2f52010, 0xca451a4e,
]);

/** Whether what is remembered of this directory could be believed. */
export function canRemember(root: string): boolean {
  try {
    return process.platform === "linux" && TRUE_TIMES.has(statfsSync(root).type);
  } catch {
    return false;
  }
}

/**
 * The indexes of the known paths that are not in the state they were in; undefined where a directory is not, so that
 * the tree has to be walked. Rejects with the signal's reason.
 */
export async function changedPaths(
  root: string,
  { directories, paths, states }: KnownTree,
  signal?: AbortSignal,
): Promise<readonly number[] | undefined> {
  const device = lstatOf(root)?.dev;
  const isSame = (full: string, row: number): boolean => {
    const stats = lstatOf(full);
    return stats !== undefined && stats.dev === device && isState(stats, states, row);
  };
  const first = rowsOf(states) - directories.length;
  if (!directories.every((path, index) => isSame(below(root, path), first + index))) return undefined;
  const changed: number[] = [];
  let row = 0;
  let turn = performance.now();
  for (const [index, path] of paths.entries()) {
    if (path.endsWith("/")) continue;
    if (!isSame(`${root}/${path}`, row)) changed.push(index);
    row += 1;
    if (row % 256 !== 0 || performance.now() - turn < SLICE) continue;
    signal?.throwIfAborted();
    await setImmediate();
    turn = performance.now();
  }
  return changed;
}

/** The tree that was last stored at this place; undefined where none was, or it is damaged. */
export async function recallTree(place: TreePlace): Promise<KnownTree | undefined> {
  try {
    return parse(await readFile(fileOf(place)), place);
  } catch {
    // Unreadable is as good as forgotten.
    return undefined;
  }
}

/** Stores a tree, whole or not at all. A failure is none of the caller's business. */
export async function rememberTree(place: TreePlace, tree: KnownTree): Promise<void> {
  await storeChecked(fileOf(place), FORMAT, format(place, tree));
}

function fileOf({ folder, slot }: TreePlace): string {
  return join(folder, `${sha256(slot).slice(0, 32)}.tree`);
}

function below(root: string, path: string): string {
  return path === "" ? root : `${root}/${path}`;
}

interface Head {
  readonly slot: string;
  readonly key: string;
  readonly head: unknown;
  /** Bytes of the states and of the three lists. */
  readonly sizes: readonly number[];
}

/** The head as a line of JSON, the states, then the lists, in which each text ends with NUL. */
function* format(
  { slot, key }: TreePlace,
  { head, directories, paths, marks, states }: KnownTree,
): Generator<string | Uint8Array> {
  const lists = [directories, paths, marks];
  const sizes = [states.byteLength, ...lists.map(sizeOf)];
  yield `${JSON.stringify({ slot, key, head, sizes } satisfies Head)}\n`;
  yield Buffer.from(states.buffer, states.byteOffset, states.byteLength);
  for (const list of lists) yield* joined(list);
}

function sizeOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0);
}

function* joined(texts: readonly string[]): Generator<string> {
  let chunk = "";
  for (const text of texts) {
    chunk += `${text}\0`;
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = "";
  }
  yield chunk;
}

/** Undefined for another tree, and for what is damaged in any way: the whole is under a checksum. */
function parse(file: Buffer, { slot, key }: TreePlace): KnownTree | undefined {
  const first = file.indexOf("\n");
  const body = file.subarray(first + 1);
  if (first < 0 || file.toString("latin1", 0, first) !== `${FORMAT} ${sha256(body)}`) return undefined;
  const end = body.indexOf("\n");
  const stored = JSON.parse(body.toString("utf8", 0, end)) as Head;
  if (stored.slot !== slot || stored.key !== key) return undefined;
  let at = end + 1;
  const [states, directories, paths, marks] = stored.sizes.map((size) => body.subarray(at, (at += size)));
  if (!states || !directories || !paths || !marks) return undefined;
  let listed: readonly string[] | undefined;
  return {
    head: stored.head,
    directories: split(directories),
    paths: split(paths),
    // Most runs need none of them.
    get marks() {
      return (listed ??= split(marks));
    },
    // Numbers lie at addresses that their size divides.
    states: new Float64Array(new Uint8Array(states).buffer),
  };
}

function split(list: Buffer): readonly string[] {
  const texts = list.toString("utf8").split("\0");
  texts.pop();
  return texts;
}
