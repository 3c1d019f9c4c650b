import { type BigIntStats, lstatSync } from "node:fs";
import { isGone } from "./file-error.ts";
import { type EntryKind, unreadable, type WalkedEntry } from "./walk.ts";

/** What tells one state of a file from another without reading it. */
export interface FileStat {
  /** Bytes. */
  readonly size: number;
  /** Permission, setuid, setgid and sticky bits. */
  readonly mode: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly ino: bigint;
  readonly dev: bigint;
  /** Number of names. */
  readonly nlink: bigint;
  /** Number of a device. */
  readonly rdev: bigint;
  readonly block: boolean;
}

/** The state of a walked entry. Undefined when it is gone, or something else has taken its place since the walk. */
export function statEntry(root: string, entry: WalkedEntry): FileStat | undefined {
  let stats: BigIntStats | undefined;
  try {
    stats = lstatSync(`${root}/${entry.path}`, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    if (isGone(error)) return undefined;
    throw unreadable(entry.path, error);
  }
  return stats && kindOf(stats) === entry.kind ? fileStat(stats) : undefined;
}

/** The parts of a stat result that matter here. */
export function fileStat(stats: BigIntStats): FileStat {
  return {
    size: Number(stats.size),
    mode: Number(stats.mode) & 0o7777,
    mtimeNs: stats.mtimeNs,
    ctimeNs: stats.ctimeNs,
    ino: stats.ino,
    dev: stats.dev,
    nlink: stats.nlink,
    rdev: stats.rdev,
    block: stats.isBlockDevice(),
  };
}

function kindOf(stats: BigIntStats): EntryKind | undefined {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  if (stats.isSymbolicLink()) return "symlink";
  if (stats.isFIFO()) return "fifo";
  return stats.isCharacterDevice() || stats.isBlockDevice() ? "device" : undefined;
}
