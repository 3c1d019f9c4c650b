import type { ContextReads } from "../dockerfile/reads.ts";
import { canonicalJson, type Digest, sha256, sha256Joined } from "../std/digest.ts";
import { type ContextEntry, digestEntry, kindOfMark } from "./context-entry.ts";
import { statEntry } from "./file-stat.ts";
import { followPaths } from "./follow.ts";
import { Hasher } from "./hasher.ts";
import { type PatternList, patternList } from "./ignore.ts";
import { patternsOf, type SeenTree } from "./known-offer.ts";
import { changedTree, type KnownTree, sizesOf, TreeStates } from "./known-tree.ts";
import type { StatCache } from "./stat-cache.ts";
import { canRemember, changedPaths, recallTree, rememberTree, type TreePlace } from "./tree-memory.ts";
import { contextRoot, walk } from "./walk.ts";

/** What a build may read of a context. */
export interface ContextDigest {
  /** In the order of the walk. */
  readonly entries: readonly ContextEntry[];
  readonly digest: Digest;
  /** The symbolic links among the entries, and what they say. */
  readonly links: ReadonlyMap<string, string>;
  /** Sockets, which are left out. */
  readonly sockets: readonly string[];
  /** The walk behind it; undefined where a part of it was not seen whole. */
  readonly seen?: SeenTree | undefined;
}

/** What of a context to digest. */
export interface DigestRequest {
  readonly ignore: PatternList;
  readonly reads: ContextReads;
  /** Directories that serve as mount points inside a bind: while they are empty they count in no digest. */
  readonly mountPoints?: ReadonlySet<string>;
  /** What is known of files' contents; asked for only when some may have changed. */
  readonly cache?: () => Promise<StatCache>;
  /** Where what was seen is remembered, so that nothing is listed again that has not changed. */
  readonly memory?: Pick<TreePlace, "folder" | "slot">;
}

const FORMAT = "dock-context/1";

/** From how many entries on memory counts for more than a few hundredths of the time. */
const MANY = 25_000;

/**
 * Digests what the reads may see of a context's directory after its ignore file: path, type, exec bit, content or link
 * target; never times or owners. Rejects with a `DockError` for a context that is missing or can't be read.
 */
export async function digestContext(
  directory: string,
  request: DigestRequest,
  signal?: AbortSignal,
): Promise<ContextDigest> {
  const root = contextRoot(directory);
  const filter = readFilter(root, request);
  if (!filter) return { entries: [], digest: manifestDigest([]), links: new Map(), sockets: [] };
  const { memory } = request;
  if (!memory || !canRemember(root)) return walkTree(root, { ...request, filter }, signal);
  const points = [...(request.mountPoints ?? [])].sort();
  const patterns = patternsOf(filter);
  const place = { ...memory, key: sha256(canonicalJson([FORMAT, root, points, patterns])) };
  const known = await digestKnown(root, { request, place, patterns }, signal);
  return known ?? walkTree(root, { ...request, filter, place }, signal);
}

/** The digest by what is remembered: undefined where nothing is, or a name has come or gone since. */
async function digestKnown(
  root: string,
  of: { readonly request: DigestRequest; readonly place: TreePlace; readonly patterns: string },
  signal: AbortSignal | undefined,
): Promise<ContextDigest | undefined> {
  const { request, place, patterns } = of;
  const known = await recallTree(place);
  const indexes = known && (await changedPaths(root, known, signal));
  if (!known || !indexes) return undefined;
  const before = recalled(known, patterns);
  if (indexes.length === 0) return before;
  const links = new Map(before.links);
  const states = new TreeStates(root);
  if (known.paths.length > MANY) await saveMemory();
  const hasher = new Hasher(root, await request.cache?.(), signal);
  const entries = [...before.entries];
  for (const index of indexes) {
    const walked = before.entries[index];
    const seen = walked && (await digestEntry(root, walked, { hasher, links }));
    if (!seen) return undefined;
    states.note(seen.stat, walked.kind);
    entries[index] = seen.entry;
  }
  const digest: ContextDigest = { entries, digest: manifestDigest(entries), links, sockets: before.sockets };
  const rows = states.seen;
  if (!rows) return digest;
  const marks = indexes.map((index) => entries[index]?.mark ?? "");
  const tree = changedTree(known, { indexes, marks, states: rows }, { ...(known.head as Head), ...headOf(digest) });
  if (states.isSure) await rememberTree(place, tree);
  return { ...digest, seen: before.seen && states.isExact ? { patterns, tree, links } : undefined };
}

async function saveMemory(): Promise<void> {
  // Most contexts are small.
  (await import("../std/release-memory.ts")).saveMemory();
}

interface Walking extends DigestRequest {
  readonly filter: ReadFilter;
  readonly place?: TreePlace;
}

async function walkTree(root: string, walking: Walking, signal: AbortSignal | undefined): Promise<ContextDigest> {
  const states = new TreeStates(root);
  const report = { sockets: new Array<string>(), directories: new Array<string>() };
  const links = new Map<string, string>();
  const all: ContextEntry[] = [];
  const cache = await walking.cache?.();
  const hasher = new Hasher(root, cache, signal);
  for await (const batch of walk(root, walking.filter, { report, ...(signal ? { signal } : {}) })) {
    for (const walked of batch) {
      const seen = await digestEntry(root, walked, { hasher, links });
      if (walked.kind !== "directory") states.note(seen?.stat, walked.kind);
      if (seen) all.push(seen.entry);
    }
    if (all.length > MANY) await saveMemory();
  }
  cache?.walked();
  const entries = withoutMountPoints(all, walking.mountPoints ?? new Set());
  const digest: ContextDigest = { entries, digest: manifestDigest(entries), links, sockets: report.sockets };
  for (const path of report.directories) states.note(statEntry(root, { path, kind: "directory" }), "directory");
  const rows = states.seen;
  if (!walking.place || !rows) return digest;
  const paths = entries.map(({ path, kind }) => (kind === "directory" ? `${path}/` : path));
  const marks = entries.map(({ mark }) => mark);
  const head: Head = { ...headOf(digest), isAll: entries.length === all.length && states.isExact };
  const tree: KnownTree = { head, directories: report.directories, paths, marks, states: rows };
  if (states.isSure) await rememberTree(walking.place, tree);
  return head.isAll ? { ...digest, seen: { patterns: patternsOf(walking.filter), tree, links } } : digest;
}

/** What `KnownTree.head` is for a digest. */
interface Head {
  /** Whether a builder can be told of it: nothing that was walked counts for nothing, and no two files look like one. */
  readonly isAll: boolean;
  readonly digest: Digest;
  readonly links: readonly (readonly [string, string])[];
  readonly sockets: readonly string[];
}

function headOf({ digest, links, sockets }: ContextDigest): Omit<Head, "isAll"> {
  return { digest, links: [...links], sockets };
}

function recalled(tree: KnownTree, patterns: string): ContextDigest {
  const { digest, sockets, isAll, ...head } = tree.head as Head;
  const links = new Map(head.links);
  let entries: readonly ContextEntry[] | undefined;
  return {
    digest,
    sockets,
    links,
    seen: isAll ? { patterns, tree, links } : undefined,
    get entries() {
      return (entries ??= recalledEntries(tree));
    },
  };
}

function recalledEntries(tree: KnownTree): readonly ContextEntry[] {
  const sizes = sizesOf(tree);
  return tree.paths.map((text, index) => {
    const mark = tree.marks[index] ?? "";
    const kind = kindOfMark(mark);
    const path = kind === "directory" ? text.slice(0, -1) : text;
    return { path, kind, size: kind === "file" || kind === "symlink" ? (sizes[index] ?? 0) : 0, mark };
  });
}

/** The digest of entries, which must be in the order of the walk. */
export function manifestDigest(entries: readonly ContextEntry[]): Digest {
  return sha256Joined(manifest(entries), "\0\0");
}

function* manifest(entries: readonly ContextEntry[]): Generator<string> {
  yield FORMAT;
  // No path and no mark holds a NUL.
  for (const { mark, path } of entries) yield `${mark}\0${path}`;
}

interface ReadFilter {
  readonly exclude: PatternList;
  readonly include?: PatternList;
}

/** What the builder would be sent for these reads. Undefined when nothing is read at all. */
function readFilter(root: string, { ignore, reads }: DigestRequest): ReadFilter | undefined {
  if (reads === "everything") return { exclude: ignore };
  const sources = [...new Set(reads.flatMap((read) => read.sources))];
  if (sources.length === 0) return undefined;
  const patterns = followPaths(root, sources);
  return patterns ? { exclude: ignore, include: patternList(patterns, "the Dockerfile") } : { exclude: ignore };
}

/** From the end, so that a mount point in an otherwise empty mount point goes with it. */
function withoutMountPoints(
  entries: readonly ContextEntry[],
  mountPoints: ReadonlySet<string>,
): readonly ContextEntry[] {
  if (mountPoints.size === 0) return entries;
  const kept: ContextEntry[] = [];
  for (const entry of entries.toReversed()) {
    const isEmpty = kept.at(-1)?.path.startsWith(`${entry.path}/`) !== true;
    if (entry.kind === "directory" && isEmpty && mountPoints.has(entry.path)) continue;
    kept.push(entry);
  }
  return kept.reverse();
}
