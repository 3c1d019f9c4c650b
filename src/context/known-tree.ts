import { lstatSync, type Stats } from "node:fs";
import type { FileStat } from "./file-stat.ts";
import type { EntryKind } from "./walk.ts";

/**
 * What a digest saw of a directory, so that the next one need not list and digest it again. A directory's times say
 * whether a name came or went, a file's whether its content may be another one. Whoever loses it loses only time.
 */
export interface KnownTree {
  /** Whatever else is to be known of the tree, as plain data. */
  readonly head: unknown;
  /** All that was listed, relative to the root, which is the empty text. */
  readonly directories: readonly string[];
  /** In the order of the walk; directories end with "/". */
  readonly paths: readonly string[];
  /** What stands for each path in the digest; without NUL. */
  readonly marks: readonly string[];
  /** A row (`ROW`) for each path that is no directory, then one for each directory. */
  readonly states: Float64Array;
}

/** What a state is: by the first four it is told from another one, the rest is what else a builder is told. */
const COLUMN = {
  /** Bytes. */
  size: 0,
  /** As Node gives them: too coarse to be told to anybody. */
  mtimeMs: 1,
  ctimeMs: 2,
  ino: 3,
  /** Nanoseconds of the modification time within its second. */
  mtimeRest: 4,
  /** Permissions, kind, and whether it has other names. */
  mode: 5,
};
const ROW = 6;

const KINDS: readonly EntryKind[] = ["file", "directory", "symlink", "fifo", "device"];
const KIND_UNIT = 0o10000;
const LINKED = 0o100000;

const SECOND_NS = 1_000_000_000n;
/** Some file systems have inodes with the highest bits set. */
const MAX_EXACT = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * How old a change must be for the next one to be sure to have another time: these file systems count nanoseconds in
 * ticks of 10 ms at most, but an inode of ext4 may have room for whole seconds only.
 */
const TICK_MS = 100;
const WHOLE_SECONDS_MS = 2000;

/** Collects states in the order of `KnownTree.states`, and whether they are to be believed. To be made before the walk. */
export class TreeStates {
  readonly #startedMs = Date.now();
  readonly #device: number | undefined;
  readonly #numbers: number[] = [];
  #isWhole = true;
  #isSure = true;
  #isExact = true;

  constructor(root: string) {
    this.#device = lstatOf(root)?.dev;
  }

  /** What was noted; undefined when some of it was gone, or lies on another device. */
  get seen(): Float64Array | undefined {
    return this.#isWhole ? new Float64Array(this.#numbers) : undefined;
  }

  /** Whether its numbers tell every file from every other. */
  get isExact(): boolean {
    return this.#isExact;
  }

  /** Whether what was seen can be believed later on: all of it was old enough to be another state after the next change. */
  get isSure(): boolean {
    return this.#isWhole && this.#isSure;
  }

  /** Undefined stands for what was gone. */
  note(stat: FileStat | undefined, kind: EntryKind): void {
    this.#isWhole &&= stat !== undefined && Number(stat.dev) === this.#device;
    this.#isExact &&= stat !== undefined && stat.ino <= MAX_EXACT;
    if (!stat || !this.#isWhole) return;
    const { size, mtimeNs, ctimeNs, ino, nlink } = stat;
    const ctimeMs = milliseconds(ctimeNs);
    // Nobody can set a change time. One in the future proves nothing.
    this.#isSure &&= ctimeMs + (ctimeMs % 1000 === 0 ? WHOLE_SECONDS_MS : TICK_MS) <= this.#startedMs;
    const mode = stat.mode + KINDS.indexOf(kind) * KIND_UNIT + (nlink > 1n ? LINKED : 0);
    this.#numbers.push(size, milliseconds(mtimeNs), ctimeMs, Number(ino), Number(mtimeNs % SECOND_NS), mode);
  }
}

/** The tree with other states and marks for some of its paths, whose indexes are in rising order. */
export function changedTree(
  tree: KnownTree,
  changes: { readonly indexes: readonly number[]; readonly marks: readonly string[]; readonly states: Float64Array },
  head: unknown,
): KnownTree {
  const marks = [...tree.marks];
  const states = tree.states.slice();
  let row = 0;
  let next = 0;
  for (const [index, path] of tree.paths.entries()) {
    if (path.endsWith("/")) continue;
    if (changes.indexes[next] === index) {
      marks[index] = changes.marks[next] ?? "";
      states.set(changes.states.subarray(next * ROW, (next + 1) * ROW), row * ROW);
      next += 1;
    }
    row += 1;
  }
  return { ...tree, head, marks, states };
}

/** Bytes of the paths, in their order; 0 for directories. */
export function sizesOf({ paths, states }: KnownTree): readonly number[] {
  let row = -1;
  return paths.map((path) => (path.endsWith("/") ? 0 : (states[(row += 1) * ROW] ?? 0)));
}

/** How many states there are. */
export function rowsOf(states: Float64Array): number {
  return states.length / ROW;
}

/** Whether something is in the state of a row. */
export function isState({ size, mtimeMs, ctimeMs, ino }: Stats, states: Float64Array, row: number): boolean {
  const at = row * ROW;
  return (
    states[at + COLUMN.size] === size &&
    states[at + COLUMN.mtimeMs] === mtimeMs &&
    states[at + COLUMN.ctimeMs] === ctimeMs &&
    states[at + COLUMN.ino] === ino
  );
}

/** What a row says. */
export interface KnownState {
  readonly size: number;
  readonly ino: number;
  readonly mtimeNs: bigint;
  readonly mode: number;
  readonly kind: EntryKind;
  /** Whether it has more than one name. */
  readonly isLinked: boolean;
}

/** The state of a row. */
export function stateAt(states: Float64Array, row: number): KnownState {
  const column = (index: number): number => states[row * ROW + index] ?? 0;
  const mode = column(COLUMN.mode);
  const rest = column(COLUMN.mtimeRest);
  // Exact, however coarse the milliseconds are: they are right to a millionth of a second.
  const seconds = Math.round((column(COLUMN.mtimeMs) - rest / 1_000_000) / 1000);
  return {
    size: column(COLUMN.size),
    ino: column(COLUMN.ino),
    mtimeNs: BigInt(seconds) * SECOND_NS + BigInt(rest),
    mode: mode % KIND_UNIT,
    kind: KINDS[Math.floor((mode % LINKED) / KIND_UNIT)] ?? "file",
    isLinked: mode >= LINKED,
  };
}

/** The state of something that is there; undefined otherwise. */
export function lstatOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    // Whoever walks the tree will say what is wrong.
    return undefined;
  }
}

/** As Node makes them of seconds and nanoseconds. */
function milliseconds(ns: bigint): number {
  return Number(ns / SECOND_NS) * 1000 + Number(ns % SECOND_NS) / 1_000_000;
}
