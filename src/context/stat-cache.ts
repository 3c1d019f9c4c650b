import { randomBytes } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "../std/digest.ts";
import { storeChecked } from "./checked-file.ts";
import { FileLines } from "./file-lines.ts";
import type { FileStat } from "./file-stat.ts";

/**
 * Remembers what files contained, so that unchanged ones need not be read again. Whoever loses it loses only time.
 *
 * `generation` is a name for the history it knows of: it changes when a file's content changed under an equal size and
 * modification time, and when the memory is lost. BuildKit compares no more than those two, so a transfer belongs
 * under a key that holds the generation; under a new one everything is sent anew.
 */
export interface StatCache {
  readonly generation: string;
  /** The content's SHA-256, if this state of the file is known and was old enough to be trusted when it was read. */
  lookup(path: string, stat: FileStat): string | undefined;
  /** Notes a content that was read from this very state; `readAtMs` is the wall clock before the reading began. */
  note(path: string, stat: FileStat, content: { readonly digest: string; readonly readAtMs: number }): void;
  /** Told after a walk: whatever it did not ask for gets older. */
  walked(): void;
}

/**
 * What is kept of a file is the line that stands for it in the stored cache, without the path: one string for each of
 * a hundred thousand files takes a tenth of the memory that objects would.
 */
type Line = string;

/** Images with one context keep each other's files this long; files that are gone go with them. */
const MAX_UNUSED = 20;

/** File systems tell times apart by 10 ms at worst on the disks of today, by 2 s on FAT. */
const RACY_NS = 2_000_000_000n;

const FORMAT = "dock-stat/1";

/** More bytes than the lines in front of the files' can have. */
const HEAD = 32 * 1024;

const SURE = " sure ";
const RACY = " racy ";

/** A cache in memory that can be written to a file, and read back from there by another process. */
export class FileStatCache implements StatCache {
  #generation: string;
  readonly #lines: FileLines;
  readonly #touched = new Set<string>();
  #changed: boolean;
  #walked = false;

  private constructor(lines: FileLines, generation: string | undefined) {
    this.#lines = lines;
    this.#generation = generation ?? newGeneration();
    this.#changed = generation === undefined;
  }

  /** A cache that nothing is known in yet. */
  static empty(): FileStatCache {
    return new FileStatCache(new FileLines(), undefined);
  }

  /** What was last stored under the name in the directory; an empty cache where that is missing or damaged. */
  static async load(directory: string, name: string): Promise<FileStatCache> {
    try {
      const stored = parse(await readFile(fileOf(directory, name)), name);
      return stored ? new FileStatCache(stored.lines, stored.generation) : FileStatCache.empty();
    } catch {
      // Unreadable is as good as lost.
      return FileStatCache.empty();
    }
  }

  /** The generation of what is stored, without reading the rest of it; a new one where nothing is. */
  static async generationOf(directory: string, name: string): Promise<string> {
    try {
      await using file = await open(fileOf(directory, name));
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD), 0, HEAD, 0);
      const [, storedName, generation] = buffer.toString("utf8", 0, bytesRead).split("\n");
      if (storedName === JSON.stringify(name) && generation !== undefined) return generation;
    } catch {
      // As good as lost.
    }
    return newGeneration();
  }

  get generation(): string {
    return this.#generation;
  }

  lookup(path: string, stat: FileStat): string | undefined {
    this.#touched.add(path);
    const line = this.#lines.get(path);
    const state = stateOf(stat);
    if (line === undefined || !line.startsWith(state)) return undefined;
    const end = line.indexOf(" ", state.length);
    return line.startsWith(SURE, end) ? line.slice(state.length, end) : undefined;
  }

  note(path: string, stat: FileStat, content: { readonly digest: string; readonly readAtMs: number }): void {
    this.#touched.add(path);
    const known = this.#lines.get(path);
    // A joined text is flat; one put together by a template keeps all its parts.
    const now = [stateOf(stat), content.digest, isRacy(stat, content.readAtMs) ? RACY : SURE, "0"].join("");
    if (known !== undefined && isQuietChange(known, now)) this.#generation = newGeneration();
    else if (known !== undefined && withUnused(known, 0) === now) return;
    this.#lines.set(path, now);
    this.#changed = true;
  }

  walked(): void {
    this.#walked = true;
  }

  /** Stores the cache under the name in the directory, whole or not at all. A failure is none of the caller's business. */
  async save(directory: string, name: string): Promise<void> {
    if (!this.#changed) return;
    if (this.#walked) this.#age();
    if (await storeChecked(fileOf(directory, name), FORMAT, this.#text(name))) this.#changed = false;
  }

  *#text(name: string): Generator<string> {
    yield `${JSON.stringify(name)}\n${this.#generation}`;
    yield* this.#lines.text();
  }

  #age(): void {
    for (const [path, line] of this.#lines.entries()) {
      const unused = this.#touched.has(path) ? 0 : unusedOf(line) + 1;
      if (unused > MAX_UNUSED) this.#lines.delete(path);
      else if (unused !== unusedOf(line)) this.#lines.set(path, withUnused(line, unused));
    }
  }
}

/** Size, modification time, change time and inode: what a file's content is believed by. */
function stateOf({ size, mtimeNs, ctimeNs, ino }: FileStat): string {
  return `${size} ${mtimeNs} ${ctimeNs} ${ino} `;
}

/** Whether the content became another under an equal size and modification time. */
function isQuietChange(before: Line, after: Line): boolean {
  const [size, mtimeNs, , , digest] = before.split(" ", 5);
  const [newSize, newMtimeNs, , , newDigest] = after.split(" ", 5);
  return size === newSize && mtimeNs === newMtimeNs && digest !== newDigest;
}

function unusedOf(line: Line): number {
  return Number(line.slice(line.lastIndexOf(" ") + 1));
}

function withUnused(line: Line, unused: number): Line {
  return `${line.slice(0, line.lastIndexOf(" ") + 1)}${unused}`;
}

function newGeneration(): string {
  return randomBytes(8).toString("hex");
}

function fileOf(directory: string, name: string): string {
  return join(directory, `${sha256(name).slice(0, 32)}.stat`);
}

/** Times in the future prove nothing either. */
function isRacy(stat: FileStat, readAtMs: number): boolean {
  const newest = stat.mtimeNs > stat.ctimeNs ? stat.mtimeNs : stat.ctimeNs;
  return newest + RACY_NS > BigInt(Math.floor(readAtMs)) * 1_000_000n;
}

/** Undefined for what is damaged in any way: the whole is under a checksum, since a wrong digest would be believed. */
function parse(file: Buffer, name: string): { readonly lines: FileLines; readonly generation: string } | undefined {
  const end = file.indexOf("\n");
  const body = file.subarray(end + 1);
  if (end < 0 || file.toString("latin1", 0, end) !== `${FORMAT} ${sha256(body)}`) return undefined;
  const text = body.toString("utf8");
  const first = text.indexOf("\n");
  const second = text.indexOf("\n", first + 1);
  const generation = text.slice(first + 1, second < 0 ? undefined : second);
  if (text.slice(0, first) !== JSON.stringify(name) || generation === "") return undefined;
  return { lines: new FileLines(second < 0 ? "" : text.slice(second)), generation };
}
