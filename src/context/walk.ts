import { type Dirent, readdirSync, realpathSync, statSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { DockError } from "../error.ts";
import { errorCode, isGone } from "./file-error.ts";
import type { ListedPattern, ParentMatches, PatternList } from "./ignore.ts";
import { sortByName } from "./name-order.ts";

/** What can be sent to a builder. */
export type EntryKind = "file" | "directory" | "symlink" | "fifo" | "device";

/** Something in a context. */
export interface WalkedEntry {
  /** Relative to the context's root, with "/" between names. */
  readonly path: string;
  readonly kind: EntryKind;
}

/** What of a directory is wanted. */
export interface WalkFilter {
  /** Only what these match, and the directories above it; everything where it is left out. */
  readonly include?: PatternList;
  readonly exclude?: PatternList;
}

/** Where a walk tells what it had to leave out. */
export interface WalkReport {
  /** Sockets can't be sent; nothing is said of those that the filter leaves out. */
  readonly sockets: string[];
  /** All that was listed, before it was. */
  readonly directories?: string[];
}

/** How long a walk may keep the event loop to itself, in milliseconds: a builder's health check must get through. */
const SLICE = 8;

interface Frame {
  readonly path: string;
  readonly entries: readonly Dirent[];
  next: number;
  readonly matches: Matches;
  /** No pattern has a say below it any more: everything is wanted. */
  readonly isSettled: boolean;
  /** Entries for it and for the directories above it have been handed out. */
  emitted: boolean;
}

interface Matches {
  readonly include?: ParentMatches;
  readonly exclude?: ParentMatches;
}

/** The real path of a context's directory. Throws a `DockError` when there is none. */
export function contextRoot(directory: string): string {
  try {
    const root = realpathSync(directory);
    if (statSync(root).isDirectory()) return root;
  } catch (error) {
    if (isGone(error)) throw new DockError("not-found", `build context ${directory} does not exist`, { cause: error });
    throw unreadable(directory, error);
  }
  throw new DockError("invalid-project", `build context ${directory} is not a directory`);
}

/** The error for a path of a context that can't be read. */
export function unreadable(path: string, cause: unknown): DockError {
  return new DockError("invalid-project", `cannot read ${path} of the build context: ${errorCode(cause) ?? "failed"}`, {
    hint: "make it readable, or leave it out with a line in .dockerignore",
    cause,
  });
}

/**
 * The entries below a context's root in the order that BuildKit's transfer demands: depth-first, names by their UTF-8
 * bytes, a directory right before what is in it and never missing above it. They come in batches, between which the
 * event loop gets its turn. What vanishes meanwhile is left out; what can't be read is a `DockError`.
 */
export async function* walk(
  root: string,
  filter: WalkFilter,
  run: { readonly report?: WalkReport; readonly signal?: AbortSignal } = {},
): AsyncGenerator<readonly WalkedEntry[]> {
  run.signal?.throwIfAborted();
  const frames: Frame[] = [];
  const { prune, settles } = prospects(filter);
  const open = (path: string, state: Tested["matches"], at: { emitted: boolean; isSettled: boolean }): void => {
    run.report?.directories?.push(path);
    const entries = list(root, path, at.emitted);
    if (!entries) return;
    const isSettled = at.isSettled || (at.emitted && settles(path, state));
    frames.push({ path, entries, next: 0, matches: state.parents, isSettled, emitted: at.emitted });
  };
  open(
    "",
    { included: filter.include === undefined, excluded: false, parents: {} },
    { emitted: true, isSettled: false },
  );
  let batch: WalkedEntry[] = [];
  let turn = performance.now();
  for (let frame = frames.at(-1); frame; frame = frames.at(-1)) {
    const dirent = frame.entries[frame.next];
    frame.next += 1;
    if (!dirent) {
      frames.pop();
      continue;
    }
    const path = frame.path === "" ? dirent.name : `${frame.path}/${dirent.name}`;
    const { wanted, matches } = frame.isSettled ? WANTED : test(path, filter, frame.matches);
    const kind = kindOf(dirent);
    if (!kind && wanted) run.report?.sockets.push(path);
    if (kind && wanted) {
      emitParents(frames, batch);
      batch.push({ path, kind });
    }
    if (kind === "directory" && (wanted || !prune(path, matches)))
      open(path, matches, { emitted: wanted, isSettled: frame.isSettled });
    if (performance.now() - turn < SLICE) continue;
    run.signal?.throwIfAborted();
    yield batch;
    batch = [];
    await setImmediate();
    turn = performance.now();
  }
  yield batch;
}

function emitParents(frames: readonly Frame[], batch: WalkedEntry[]): void {
  if (frames.at(-1)?.emitted) return;
  for (const frame of frames) {
    if (!frame.emitted) batch.push({ path: frame.path, kind: "directory" });
    frame.emitted = true;
  }
}

/** A directory's entries in order. Undefined for one that is gone, or can't be read and isn't wanted itself. */
function list(root: string, path: string, wanted: boolean): readonly Dirent[] | undefined {
  const directory = path === "" ? root : `${root}/${path}`;
  let entries: Dirent[];
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (isGone(error) || (!wanted && ["EACCES", "EPERM"].includes(errorCode(error) ?? ""))) return undefined;
    throw unreadable(path === "" ? directory : path, error);
  }
  if (entries.some((entry) => entry.name.includes("\uFFFD"))) assertReadableNames(directory, path);
  return sortByName(entries);
}

/** BuildKit's protocol has no room for names that are not UTF-8, and they would be missed under their garbled name. */
function assertReadableNames(directory: string, path: string): void {
  for (const name of readdirSync(directory, { encoding: "buffer" })) {
    if (Buffer.from(name.toString("utf8")).equals(name)) continue;
    throw new DockError(
      "invalid-project",
      `a file name in ${path === "" ? "the build context" : path} is not UTF-8: ${JSON.stringify(name.toString("latin1"))}`,
      { hint: "rename it, or leave out its directory with a line in .dockerignore" },
    );
  }
}

function kindOf(entry: Dirent): EntryKind | undefined {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "directory";
  if (entry.isSymbolicLink()) return "symlink";
  if (entry.isFIFO()) return "fifo";
  if (entry.isCharacterDevice() || entry.isBlockDevice()) return "device";
  return undefined;
}

interface Tested {
  readonly wanted: boolean;
  readonly matches: { readonly included: boolean; readonly excluded: boolean; readonly parents: Matches };
}

const WANTED: Tested = { wanted: true, matches: { included: true, excluded: false, parents: {} } };

function test(path: string, filter: WalkFilter, parents: Matches): Tested {
  const include = filter.include?.match(path, parents.include);
  const exclude = filter.exclude?.match(path, parents.exclude);
  const included = include?.matched ?? true;
  const excluded = exclude?.matched ?? false;
  return {
    wanted: included && !excluded,
    matches: {
      included,
      excluded,
      parents: {
        ...(include ? { include: include.matches } : {}),
        ...(exclude ? { exclude: exclude.matches } : {}),
      },
    },
  };
}

interface Prospects {
  /** Whether nothing below an unwanted directory can be wanted: no pattern that could bring it in leads there. */
  readonly prune: (path: string, state: Tested["matches"]) => boolean;
  /** Whether nothing below a wanted directory can be unwanted: what took it in covers all, and no other pattern leads there. */
  readonly settles: (path: string, state: Tested["matches"]) => boolean;
}

function prospects(filter: WalkFilter): Prospects {
  const included = prefixes(filter.include, (pattern) => !pattern.exception);
  const excepted = prefixes(filter.exclude, (pattern) => pattern.exception);
  const excluded = prefixes(filter.exclude, () => true);
  const leadsBelow = (list: readonly string[] | undefined, path: string): boolean =>
    list === undefined || list.some((prefix) => path === "" || prefix.startsWith(`${path}/`));
  return {
    prune: (path, state) =>
      (!state.included && !leadsBelow(included, path)) || (state.excluded && !leadsBelow(excepted, path)),
    settles: (path, state) =>
      state.included &&
      !state.excluded &&
      filter.include?.hasExceptions !== true &&
      (filter.exclude === undefined || filter.exclude.patterns.length === 0 || !leadsBelow(excluded, path)),
  };
}

/** The patterns as plain paths with a slash behind. Undefined where one has a wildcard in front of its last name. */
function prefixes(
  list: PatternList | undefined,
  decisive: (pattern: ListedPattern) => boolean,
): readonly string[] | undefined {
  const texts = (list?.patterns ?? [])
    .filter(decisive)
    .map((pattern) => pattern.text.replace(/\/\*\*$/, "").replace(/\/\*$/, ""));
  return texts.some((text) => /[*?[\]^\\]/.test(text)) ? undefined : texts.map((text) => `${text}/`);
}
