import { readlinkSync } from "node:fs";
import type { ContextReads } from "../dockerfile/reads.ts";
import { type Digest, sha256, sha256Joined } from "../std/digest.ts";
import { errorCode, isGone } from "./file-error.ts";
import { statEntry } from "./file-stat.ts";
import { followPaths } from "./follow.ts";
import { Hasher } from "./hasher.ts";
import { type PatternList, patternList } from "./ignore.ts";
import type { StatCache } from "./stat-cache.ts";
import { contextRoot, type EntryKind, unreadable, walk, type WalkedEntry } from "./walk.ts";

/** One thing that a build may read. */
export interface ContextEntry {
  readonly path: string;
  readonly kind: EntryKind;
  /** Bytes of a file. */
  readonly size: number;
  /** Type, exec bit and content or link target in one text: equal exactly where a build can't tell two apart. */
  readonly mark: string;
}

/** What a build may read of a context. */
export interface ContextDigest {
  /** In the order of the walk. */
  readonly entries: readonly ContextEntry[];
  readonly digest: Digest;
  /** The symbolic links among the entries, and what they say. */
  readonly links: ReadonlyMap<string, string>;
  /** Sockets, which are left out. */
  readonly sockets: readonly string[];
}

/** What of a context to digest. */
export interface DigestRequest {
  readonly ignore: PatternList;
  readonly reads: ContextReads;
  /** Directories that serve as mount points inside a bind: while they are empty they count in no digest. */
  readonly mountPoints?: ReadonlySet<string>;
  readonly cache?: StatCache;
}

const FORMAT = "dock-context/1";

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
  const sockets: string[] = [];
  const links = new Map<string, string>();
  const entries: ContextEntry[] = [];
  const hasher = new Hasher(root, request.cache, signal);
  const filter = readFilter(root, request);
  if (filter) {
    const report = { sockets };
    for await (const batch of walk(root, filter, { report, ...(signal ? { signal } : {}) })) {
      for (const walked of batch) {
        const entry = walked.kind === "file" ? await digestFile(root, walked, hasher) : plainEntry(root, walked, links);
        if (entry) entries.push(entry);
      }
    }
  }
  const counted = withoutMountPoints(entries, request.mountPoints ?? new Set());
  return { entries: counted, digest: manifestDigest(counted), links, sockets };
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

/** What the builder would be sent for these reads. Undefined when nothing is read at all. */
function readFilter(
  root: string,
  { ignore, reads }: DigestRequest,
): { readonly exclude: PatternList; readonly include?: PatternList } | undefined {
  if (reads === "everything") return { exclude: ignore };
  const sources = [...new Set(reads.flatMap((read) => read.sources))];
  if (sources.length === 0) return undefined;
  const patterns = followPaths(root, sources);
  return patterns ? { exclude: ignore, include: patternList(patterns, "the Dockerfile") } : { exclude: ignore };
}

async function digestFile(root: string, walked: WalkedEntry, hasher: Hasher): Promise<ContextEntry | undefined> {
  const stat = statEntry(root, walked);
  if (!stat) return undefined;
  const { path, kind } = walked;
  const digest = hasher.known(path, stat) ?? (await hasher.read(path, stat));
  // As git has it, only the owner's bit: the others follow from whoever checked the files out.
  const type = stat.mode & 0o100 ? "executable" : "file";
  // Joined, since a template would keep its parts beside the text.
  return digest === undefined ? undefined : { path, kind, size: stat.size, mark: [type, digest].join(" ") };
}

function plainEntry(root: string, walked: WalkedEntry, links: Map<string, string>): ContextEntry | undefined {
  const { path, kind } = walked;
  if (kind === "symlink") {
    const target = readLink(root, path);
    if (target === undefined) return undefined;
    links.set(path, target);
    return { path, kind, size: Buffer.byteLength(target), mark: `symlink ${sha256(target)}` };
  }
  if (kind !== "device") return { path, kind, size: 0, mark: kind };
  const stat = statEntry(root, walked);
  return stat && { path, kind, size: 0, mark: `${stat.block ? "block" : "character"} device ${stat.rdev}` };
}

function readLink(root: string, path: string): string | undefined {
  try {
    return readlinkSync(`${root}/${path}`);
  } catch (error) {
    // EINVAL: it is no link any more.
    if (isGone(error) || errorCode(error) === "EINVAL") return undefined;
    throw unreadable(path, error);
  }
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
