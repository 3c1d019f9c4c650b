import { readlinkSync } from "node:fs";
import { sha256 } from "../std/digest.ts";
import { errorCode, isGone } from "./file-error.ts";
import { type FileStat, statEntry } from "./file-stat.ts";
import type { Hasher } from "./hasher.ts";
import { type EntryKind, unreadable, type WalkedEntry } from "./walk.ts";

/** One thing that a build may read. */
export interface ContextEntry {
  readonly path: string;
  readonly kind: EntryKind;
  /** Bytes of a file. */
  readonly size: number;
  /** Type, exec bit and content or link target in one text: equal exactly where a build can't tell two apart. */
  readonly mark: string;
}

/** Undefined for what is gone. The state is older than what was seen. */
export async function digestEntry(
  root: string,
  walked: WalkedEntry,
  { hasher, links }: { readonly hasher: Hasher; readonly links: Map<string, string> },
): Promise<{ readonly entry: ContextEntry; readonly stat?: FileStat } | undefined> {
  const { path, kind } = walked;
  if (kind === "directory") return { entry: { path, kind, size: 0, mark: kind } };
  const stat = statEntry(root, walked);
  if (!stat) return undefined;
  if (kind === "fifo") return { entry: { path, kind, size: 0, mark: kind }, stat };
  if (kind === "device") {
    const mark = `${stat.block ? "block" : "character"} device ${stat.rdev}`;
    return { entry: { path, kind, size: 0, mark }, stat };
  }
  if (kind === "symlink") {
    const target = readLink(root, path);
    if (target === undefined) return undefined;
    links.set(path, target);
    return { entry: { path, kind, size: Buffer.byteLength(target), mark: `symlink ${sha256(target)}` }, stat };
  }
  const known = hasher.known(path, stat);
  const content = known === undefined ? await hasher.read(path, stat) : { digest: known, stat };
  if (!content) return undefined;
  // As git has it, only the owner's bit: the others follow from whoever checked the files out.
  const type = content.stat.mode & 0o100 ? "executable" : "file";
  // Joined, since a template would keep its parts beside the text.
  return {
    entry: { path, kind, size: content.stat.size, mark: [type, content.digest].join(" ") },
    stat: content.stat,
  };
}

/** What a mark is the mark of. */
export function kindOfMark(mark: string): EntryKind {
  if (mark === "directory" || mark === "fifo") return mark;
  if (mark.startsWith("symlink ")) return "symlink";
  return mark.includes(" device ") ? "device" : "file";
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
