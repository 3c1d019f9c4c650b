import { closeSync, readlinkSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { isGone } from "./file-error.ts";
import { type FileStat, statEntry } from "./file-stat.ts";
import { followPaths } from "./follow.ts";
import { patternList } from "./ignore.ts";
import { isOfferable, knownEntries, patternsOf, type SeenTree } from "./known-offer.ts";
import { lstatOf } from "./known-tree.ts";
import type { OfferedEntry } from "./offered-entry.ts";
import { DockError } from "../error.ts";
import { type FileIdentity, type OpenFile, openFile, readInto } from "./open-file.ts";
import { contextRoot, unreadable, walk, type WalkedEntry, type WalkFilter } from "./walk.ts";

/** What a builder asks for: patterns of an ignore file's kind, and paths of which the links are to be followed. */
export interface OfferFilter {
  /** Empty: everything. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Added to `include`; empty: no restriction from here. */
  readonly followPaths: readonly string[];
}

/** A directory, or what stands in for one, as a builder sees it. */
export interface OfferedSource {
  /** In batches, between which the event loop gets its turn. */
  entries(filter: OfferFilter): AsyncIterable<readonly OfferedEntry[]>;
  /** A file that `entries` offered before. Ends early when it is gone; rejects when it can't be read. */
  read(path: string): AsyncIterable<Uint8Array>;
}

const CHUNK = 128 * 1024;

/** How a directory is offered. */
export interface OfferOptions {
  readonly signal?: AbortSignal;
  /** What was just seen of it when a builder asks: told to one that asks for the same, in place of another walk. */
  readonly seen?: (() => SeenTree | undefined) | undefined;
}

/**
 * Offers a directory to a builder by fsutil's rules. Only files that were offered can be read, and nothing is followed
 * out of the directory. Throws a `DockError` when there is no such directory; the iterations reject with one for what
 * can't be read, and with the signal's reason.
 */
export function localSource(directory: string, { signal, seen: look }: OfferOptions = {}): OfferedSource {
  const root = contextRoot(directory);
  const offered = new Map<string, Offered>();
  return {
    async *entries(filter) {
      const wanted = walkFilter(root, filter);
      const seen = look?.();
      if (seen && seen.patterns === patternsOf(wanted) && isOfferable(seen)) {
        const dev = BigInt(lstatOf(root)?.dev ?? 0);
        for (const batch of knownEntries(seen)) {
          for (const { entry, ino } of batch)
            if (entry.kind === "file") offered.set(entry.path, { ino: BigInt(ino), dev, told: entry });
          signal?.throwIfAborted();
          yield batch.map(({ entry }) => entry);
          await setImmediate();
        }
        return;
      }
      const names = new Map<string, string>();
      const gone: string[] = [];
      for await (const batch of walk(root, wanted, signal ? { signal } : {})) {
        const entries: OfferedEntry[] = [];
        for (const walked of batch) {
          if (gone.some((path) => walked.path.startsWith(`${path}/`))) continue;
          const stat = statEntry(root, walked);
          const entry = stat && offer(root, walked, { stat, names });
          // It may be read as soon as it is told.
          if (stat && walked.kind === "file") offered.set(walked.path, { ino: stat.ino, dev: stat.dev });
          if (!entry) gone.push(walked.path);
          else entries.push(entry);
        }
        yield entries;
      }
    },
    async *read(path) {
      const expected = offered.get(path);
      if (!expected) throw new Error(`${path} was not offered`);
      const file = openFile(root, path, expected);
      if (expected.told && !isAsTold(file, expected.told)) {
        if (file) closeSync(file.fd);
        throw new ContextChanged(path);
      }
      if (!file) return;
      try {
        for (;;) {
          const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(CHUNK, file.stat.size)));
          const read = readInto(file, path, buffer);
          if (read === 0) return;
          yield buffer.subarray(0, read);
          signal?.throwIfAborted();
          if (read === CHUNK) await setImmediate();
        }
      } finally {
        closeSync(file.fd);
      }
    },
  };
}

/** A file that may be read, and what was told of it without looking at it again. */
interface Offered extends FileIdentity {
  readonly told?: OfferedEntry;
}

/** A builder keeps a content under the size and time that it was told: they have to be the content's own. */
function isAsTold(file: OpenFile | undefined, { size, mtimeNs, hardLinkTo }: OfferedEntry): boolean {
  return file?.stat.mtimeNs === mtimeNs && (hardLinkTo !== undefined || file.stat.size === size);
}

/** What was told of a file is not true any more: what was seen of the context has to be looked at again. */
export class ContextChanged extends DockError {
  readonly path: string;

  constructor(path: string) {
    super("operation-failed", `${path} of the build context changed before it was sent`, {
      hint: "build again; leave out with .dockerignore what is written all the time",
    });
    this.path = path;
  }
}

function walkFilter(root: string, filter: OfferFilter): WalkFilter {
  const exclude = patternList(filter.exclude, "the ignore file");
  const followed = filter.followPaths.length === 0 ? [] : followPaths(root, filter.followPaths);
  const include = [...filter.include, ...(followed ?? [])];
  if (followed === undefined || include.length === 0) return { exclude };
  return { exclude, include: patternList(include, "the builder's request") };
}

function offer(
  root: string,
  { path, kind }: WalkedEntry,
  { stat, names }: { readonly stat: FileStat; readonly names: Map<string, string> },
): OfferedEntry | undefined {
  const { mtimeNs } = stat;
  const mode = process.platform === "win32" ? (stat.mode | 0o111) & 0o755 : stat.mode;
  switch (kind) {
    case "file": {
      const first = stat.nlink > 1n ? firstName(path, stat, names) : undefined;
      if (first !== undefined) return { path, kind, mode, size: 0, mtimeNs, hardLinkTo: first };
      return { path, kind, mode, size: stat.size, mtimeNs };
    }
    case "directory":
    case "fifo":
      return { path, kind, mode, size: 0, mtimeNs };
    case "symlink": {
      const linkTarget = readLink(root, path);
      return linkTarget === undefined ? undefined : { path, kind, mode, size: stat.size, mtimeNs, linkTarget };
    }
    case "device": {
      const number = Number(stat.rdev);
      const devMajor = (number >>> 8) & 0xfff;
      const devMinor = (number & 0xff) | ((number >>> 12) & 0xfff00);
      return { path, kind, mode, size: 0, mtimeNs, block: stat.block, devMajor, devMinor };
    }
  }
}

/** The name under which a file was offered before; the first time it is noted, and undefined. */
function firstName(path: string, stat: FileStat, names: Map<string, string>): string | undefined {
  const identity = `${stat.dev}:${stat.ino}`;
  const first = names.get(identity);
  if (first === undefined) names.set(identity, path);
  return first;
}

function readLink(root: string, path: string): string | undefined {
  try {
    return readlinkSync(`${root}/${path}`);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw unreadable(path, error);
  }
}
