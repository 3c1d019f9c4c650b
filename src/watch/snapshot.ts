import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Coverage } from "./coverage.ts";
import { type FileState, isSurelySame, lookAt, withContent } from "./file-state.ts";

/** A place whose content differs from what the snapshot knew: not one that was merely touched. */
export interface FileChange {
  /** Absolute. */
  readonly path: string;
  readonly kind: "created" | "modified" | "deleted";
  /** What is there, or was. */
  readonly type: FileState["kind"];
}

/** Where to look again. */
export type Look =
  | { readonly kind: "everything" }
  /** Each of these entries, and of a directory the list of its entries. */
  | { readonly kind: "paths"; readonly paths: Iterable<string> };

/** What a look has found. */
export interface Sighting {
  readonly changes: readonly FileChange[];
  /** Directories that were not known, or are other ones now: whoever watches may not have reached them in time. */
  readonly newDirectories: readonly string[];
}

/** One covered entry of the snapshot. */
export interface Entry {
  readonly path: string;
  readonly state: FileState;
}

/** Milliseconds that a look may keep the event loop to itself: health checks of running builds have to be answered. */
const TURN_MS = 12;

/**
 * What the covered places hold, as of the last look: the truth that decides what changed, whatever events came or got
 * lost. Links are not followed. Its methods must not overlap.
 */
export class Snapshot {
  #coverage: Coverage;
  /** Entries by directory and name; a directory that is not there is not in the map. */
  readonly #directories = new Map<string, Map<string, FileState>>();
  #turnStart = 0;

  constructor(coverage: Coverage) {
    this.#coverage = coverage;
  }

  /** Number of covered files and links. */
  get size(): number {
    let count = 0;
    for (const entries of this.#directories.values()) {
      for (const state of entries.values()) if (state.kind !== "directory") count += 1;
    }
    return count;
  }

  /** Takes what is there as known, without reading it: `read` does that. */
  async scan(signal: AbortSignal): Promise<void> {
    await this.#everything({ changes: [], newDirectories: [], reads: false, signal });
  }

  /** Looks again and takes what it finds as known. */
  async look(look: Look, signal: AbortSignal): Promise<Sighting> {
    const found: Found = { changes: [], newDirectories: [], reads: true, signal };
    if (look.kind === "everything") await this.#everything(found);
    else {
      this.#turnStart = performance.now();
      for (const path of look.paths) await this.#hinted(path, found);
    }
    return found;
  }

  /** Covers other places from now on: what they hold is taken as known, what is not covered any more is forgotten. */
  async cover(coverage: Coverage, signal: AbortSignal): Promise<Sighting> {
    const before = this.#coverage;
    this.#coverage = coverage;
    for (const directory of this.#directories.keys()) {
      if (!coverage.coversDirectory(directory)) this.#directories.delete(directory);
    }
    for (const [directory, entries] of this.#directories) {
      for (const [name, state] of entries) {
        if (!this.#covers(join(directory, name), state)) entries.delete(name);
      }
    }
    const { changes, newDirectories } = await this.#everything({
      changes: [],
      newDirectories: [],
      reads: false,
      signal,
    });
    const covered = ({ path, type }: FileChange): boolean =>
      type === "directory" ? isEntry(before, path) : before.coversFile(path);
    return { changes: changes.filter(covered), newDirectories };
  }

  /** Reads what has not been read yet, so that from then on content is compared. */
  async read(signal: AbortSignal): Promise<void> {
    this.#turnStart = performance.now();
    for (const [directory, entries] of this.#directories) {
      for (const [name, state] of entries) {
        if (state.content !== undefined || state.kind === "directory") continue;
        const path = join(directory, name);
        const now = await withContent(path, state);
        // Whatever has changed since the look is left for the next one.
        if (now && isSurelySame({ ...state, fresh: false }, now)) entries.set(name, now);
        await this.#breathe(signal);
      }
    }
  }

  /** What is known at a path. */
  at(path: string): FileState | undefined {
    return this.#directories.get(dirname(path))?.get(basename(path));
  }

  /** The covered entries below a directory, parents first, in no other order. */
  *below(directory: string): Generator<Entry, void, void> {
    for (const [name, state] of this.#directories.get(directory) ?? []) {
      const path = join(directory, name);
      yield { path, state };
      if (state.kind === "directory") yield* this.below(path);
    }
  }

  async #everything(found: Found): Promise<Found> {
    this.#turnStart = performance.now();
    for (const root of this.#coverage.roots) await this.#directory(root, "deep", found);
    return found;
  }

  /** Looks at one entry; where its directory is not known, at the nearest place above that is. */
  async #hinted(path: string, found: Found): Promise<void> {
    let top = path;
    while (!this.#isReachable(top)) {
      if (top === dirname(top)) return;
      top = dirname(top);
    }
    if (this.#directories.has(dirname(top))) await this.#entry(top, "hinted", found);
    else await this.#directory(top, this.#directories.has(top) ? "list" : "deep", found);
  }

  #isReachable(path: string): boolean {
    return this.#directories.has(dirname(path)) || this.#coverage.roots.includes(path);
  }

  async #directory(directory: string, depth: "list" | "deep", found: Found): Promise<void> {
    await this.#breathe(found.signal);
    const names = namesIn(directory);
    const known = this.#directories.get(directory);
    if (!names) {
      if (known) this.#forget(directory, found);
      return;
    }
    if (!known) {
      this.#directories.set(directory, new Map());
      found.newDirectories.push(directory);
    }
    for (const name of new Set([...(known?.keys() ?? []), ...names])) {
      await this.#breathe(found.signal);
      await this.#entry(join(directory, name), depth, found);
    }
  }

  async #entry(path: string, depth: "hinted" | "list" | "deep", found: Found): Promise<void> {
    const entries = this.#directories.get(dirname(path));
    if (!entries) return;
    const before = entries.get(basename(path));
    const seen = lookAt(path);
    const now = seen && this.#covers(path, seen) ? seen : undefined;
    const same = now?.kind === before?.kind ? before : undefined;
    if (before && !same) this.#drop(path, before, found);
    if (!now) return;
    if (now.kind === "directory") {
      entries.set(basename(path), now);
      if (!same) found.changes.push({ path, kind: "created", type: now.kind });
      if (same && same.inode !== now.inode) found.newDirectories.push(path);
      if (!same || same.inode !== now.inode || depth === "deep") await this.#directory(path, "deep", found);
      else if (depth === "hinted") await this.#directory(path, "list", found);
      return;
    }
    if (same && isUnchanged(same, now, depth)) return;
    const read = same || found.reads ? await withContent(path, now) : now;
    if (!read) return;
    entries.set(basename(path), read);
    if (!same) found.changes.push({ path, kind: "created", type: read.kind });
    else if (same.content !== read.content) found.changes.push({ path, kind: "modified", type: read.kind });
  }

  #covers(path: string, { kind }: FileState): boolean {
    return kind === "directory" ? this.#coverage.coversDirectory(path) : this.#coverage.coversFile(path);
  }

  #drop(path: string, before: FileState, found: Found): void {
    if (before.kind === "directory") this.#forget(path, found);
    this.#directories.get(dirname(path))?.delete(basename(path));
    found.changes.push({ path, kind: "deleted", type: before.kind });
  }

  #forget(directory: string, found: Found): void {
    for (const [name, state] of this.#directories.get(directory) ?? []) this.#drop(join(directory, name), state, found);
    this.#directories.delete(directory);
  }

  /** Lets others run when this look has had the event loop for long enough. */
  async #breathe(signal: AbortSignal): Promise<void> {
    if (performance.now() - this.#turnStart < TURN_MS) return;
    signal.throwIfAborted();
    await nextTurn();
    this.#turnStart = performance.now();
  }
}

/** Where nobody has read the content there is nothing to compare but the numbers; a hint about this very entry is worth a read. */
function isUnchanged(before: FileState, now: FileState, depth: "hinted" | "list" | "deep"): boolean {
  if (before.content === undefined) return isSurelySame({ ...before, fresh: false }, now);
  return depth !== "hinted" && isSurelySame(before, now);
}

/** A root is covered without being an entry of a covered directory. */
function isEntry(coverage: Coverage, directory: string): boolean {
  return coverage.coversDirectory(directory) && coverage.coversDirectory(dirname(directory));
}

interface Found {
  readonly changes: FileChange[];
  readonly newDirectories: string[];
  /** Whether the content of entries that were not known is read at once. */
  readonly reads: boolean;
  readonly signal: AbortSignal;
}

/** Names in a directory; undefined when it can't be listed: it is gone, no directory any more, or closed to us. */
function namesIn(directory: string): readonly string[] | undefined {
  try {
    return readdirSync(directory).toSorted();
  } catch (error) {
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}
