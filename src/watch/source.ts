import { realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { type FSWatcher, watch } from "chokidar";
import type { Clock } from "../std/clock.ts";
import { type Coverage } from "./coverage.ts";
import { pathBelow } from "../std/path-below.ts";
import { lookAt } from "./file-state.ts";
import type { Hint } from "./hint.ts";

/** Tells where something may have changed. Events can get lost: only a look at the disk says what is there. */
export interface Source extends AsyncDisposable {
  /** Watches other places from now on; resolves when it does. */
  cover(coverage: Coverage): Promise<void>;
  /** Looks into directories again that appeared lately: what was made in them before they were watched is watched now. */
  again(directories: readonly string[]): void;
}

/** What a source is opened with. */
export interface SourceOptions {
  readonly clock: Clock;
  /** Takes hints; must neither throw nor wait. */
  readonly tell: (hint: Hint) => void;
  /** Told once when the system refuses to watch more, with what the user can do about it. */
  readonly onLimit: (limit: WatchLimit) => void;
}

/** The system watches no more directories; they are looked at once a second instead. */
export interface WatchLimit {
  readonly message: string;
  readonly hint: string;
}

/** Opens a source: hints come from when this resolves. */
export type OpenSource = (coverage: Coverage, options: SourceOptions) => Promise<Source>;

/** Milliseconds between looks at roots (have they been replaced?) and at directories that can't be watched. */
const POLL_MS = 1000;

/** Milliseconds that covering everything may take until hints are relied on anyway; a look is asked for then. */
const READY_MS = 30_000;

const LIMITS: Readonly<Record<string, { readonly what: string; readonly setting: string; readonly value: number }>> = {
  ENOSPC: {
    what: "the system's limit of watched directories is reached",
    setting: "fs.inotify.max_user_watches",
    value: 1_048_576,
  },
  EMFILE: { what: "the system's limit of watchers is reached", setting: "fs.inotify.max_user_instances", value: 1024 },
};

/**
 * A source that has the operating system watch directories, each on its own and no file, so that even a large tree costs
 * little. Roots that are replaced are watched anew, directories that the system refuses to watch are polled.
 */
export const openSource: OpenSource = async (coverage, options) => {
  const source = new DirectorySource(options);
  await source.cover(coverage);
  return source;
};

class DirectorySource implements Source {
  readonly #options: SourceOptions;
  readonly #end = new AbortController();
  readonly #polling: Promise<void>;
  #coverage: Coverage | undefined;
  #watcher: FSWatcher | undefined;
  /** Identity of each root when it was watched; undefined where there was none. */
  #roots = new Map<string, RootState>();
  readonly #unwatched = new Set<string>();
  #limited = false;

  constructor(options: SourceOptions) {
    this.#options = options;
    this.#polling = this.#poll();
  }

  async cover(coverage: Coverage): Promise<void> {
    const before = this.#watcher;
    this.#coverage = coverage;
    this.#unwatched.clear();
    this.#roots = new Map(coverage.roots.map((root) => [root, rootState(root)]));
    await this.#watch(coverage);
    await before?.close();
  }

  again(directories: readonly string[]): void {
    const present = directories.filter((directory) => lookAt(directory)?.kind === "directory");
    if (present.length > 0) this.#watcher?.add(present.map((directory) => this.#real(directory)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#polling;
    await this.#watcher?.close();
  }

  /** Only directories are given to the system; what happens in them comes as raw events, which name the entry. */
  async #watch(coverage: Coverage): Promise<void> {
    const present = [...this.#roots.values()].flatMap((root) => (root.real === undefined ? [] : [root.real]));
    const watcher = watch([], {
      persistent: true,
      ignoreInitial: true,
      followSymlinks: false,
      atomic: false,
      ignorePermissionErrors: true,
      ignored: (path, stats) =>
        (stats !== undefined && !stats.isDirectory()) || !coverage.coversDirectory(this.#logical(path)),
    });
    this.#watcher = watcher;
    watcher.on("raw", (_event, name, details) => this.#raw(name, details));
    watcher.on("error", (error) => this.#failed(error));
    if (present.length === 0) return;
    const late = new AbortController();
    const ready = new Promise<"ready">((resolve) => watcher.once("ready", () => resolve("ready")));
    watcher.add(present);
    const timeout = this.#options.clock.sleep(READY_MS, late.signal).catch(() => undefined);
    if ((await Promise.race([ready, timeout])) !== "ready")
      this.#tell({ kind: "everything", because: "watching begins slowly" });
    late.abort();
  }

  #raw(name: unknown, details: unknown): void {
    const watched =
      typeof details === "object" && details !== null && "watchedPath" in details
        ? String(details.watchedPath)
        : undefined;
    if (watched === undefined) return this.#tell({ kind: "everything", because: "an event named no place" });
    const directory = this.#logical(watched);
    if (typeof name !== "string" || name === "") return this.#tell({ kind: "path", path: directory });
    const path = join(directory, name);
    if (this.#coverage && matters(path, this.#coverage)) this.#tell({ kind: "path", path });
  }

  #failed(error: unknown): void {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const path = error instanceof Error && "path" in error && typeof error.path === "string" ? error.path : undefined;
    const limit = LIMITS[code];
    if (!limit) return this.#tell({ kind: "everything", because: `watching failed (${code || String(error)})` });
    for (const directory of path === undefined ? (this.#coverage?.roots ?? []) : [this.#logical(path)])
      this.#unwatched.add(directory);
    if (this.#limited) return;
    this.#limited = true;
    this.#options.onLimit({
      message: `${limit.what} (${limit.setting}); what it leaves out is looked at once a second`,
      hint: `raise it: sudo sysctl ${limit.setting}=${limit.value}`,
    });
  }

  async #poll(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      try {
        await this.#options.clock.sleep(POLL_MS, signal);
      } catch {
        return;
      }
      for (const path of this.#unwatched) this.#tell({ kind: "path", path });
      const replaced = [...this.#roots].some(([root, before]) => !isSameRoot(before, rootState(root)));
      if (!replaced || !this.#coverage) continue;
      await this.cover(this.#coverage);
      this.#tell({ kind: "everything", because: "a watched directory was replaced" });
    }
  }

  #tell(hint: Hint): void {
    if (!this.#end.signal.aborted) this.#options.tell(hint);
  }

  /** The system reports places below the root's real path. */
  #logical(path: string): string {
    for (const [root, { real }] of this.#roots) {
      if (real === undefined || real === root) continue;
      const inner = pathBelow(real, path);
      if (inner !== undefined) return join(root, inner);
    }
    return path;
  }

  #real(path: string): string {
    for (const [root, { real }] of this.#roots) {
      const inner = real === undefined || real === root ? undefined : pathBelow(root, path);
      if (inner !== undefined) return join(real ?? root, inner);
    }
    return path;
  }
}

/** Whether an event about a path is worth a look: churn of files that nobody covers must not keep others from being quiet. */
function matters(path: string, coverage: Coverage): boolean {
  if (coverage.coversFile(path)) return true;
  if (!coverage.coversDirectory(path)) return false;
  const state = lookAt(path);
  return state === undefined || state.kind === "directory";
}

interface RootState {
  readonly real: string | undefined;
  readonly inode: number;
}

function rootState(root: string): RootState {
  try {
    const real = realpathSync(root);
    const { ino } = statSync(real);
    return { real, inode: ino };
  } catch (error) {
    if (error instanceof Error && "code" in error) return { real: undefined, inode: 0 };
    throw error;
  }
}

function isSameRoot(a: RootState, b: RootState): boolean {
  return a.real === b.real && a.inode === b.inode;
}
