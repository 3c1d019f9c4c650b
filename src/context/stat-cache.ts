import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "../std/digest.ts";
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
}

interface Remembered {
  readonly size: number;
  readonly mtimeNs: string;
  readonly ctimeNs: string;
  readonly ino: string;
  readonly digest: string;
  /** The file was so young when it was read that another write might not have changed its times. */
  readonly racy: boolean;
  /** How often the cache was stored without anybody asking for the file. */
  readonly unused: number;
}

/** Images with one context keep each other's files this long; files that are gone go with them. */
const MAX_UNUSED = 20;

/** File systems tell times apart by 10 ms at worst on the disks of today, by 2 s on FAT. */
const RACY_NS = 2_000_000_000n;

const FORMAT = "dock-stat/1";

/** A cache in memory that can be written to a file, and read back from there by another process. */
export class FileStatCache implements StatCache {
  #generation: string;
  #entries: Map<string, Remembered>;
  readonly #touched = new Set<string>();
  #changed: boolean;

  private constructor(entries: Map<string, Remembered>, generation: string | undefined) {
    this.#entries = entries;
    this.#generation = generation ?? newGeneration();
    this.#changed = generation === undefined;
  }

  /** A cache that nothing is known in yet. */
  static empty(): FileStatCache {
    return new FileStatCache(new Map(), undefined);
  }

  /** What was last stored under the name in the directory; an empty cache where that is missing or damaged. */
  static async load(directory: string, name: string): Promise<FileStatCache> {
    try {
      const stored = parse(await readFile(fileOf(directory, name), "utf8"), name);
      return stored ? new FileStatCache(stored.entries, stored.generation) : FileStatCache.empty();
    } catch {
      // Unreadable is as good as lost.
      return FileStatCache.empty();
    }
  }

  get generation(): string {
    return this.#generation;
  }

  lookup(path: string, stat: FileStat): string | undefined {
    this.#touched.add(path);
    const known = this.#entries.get(path);
    return known && !known.racy && isSame(known, stat) ? known.digest : undefined;
  }

  note(path: string, stat: FileStat, content: { readonly digest: string; readonly readAtMs: number }): void {
    this.#touched.add(path);
    const known = this.#entries.get(path);
    const now: Remembered = {
      size: stat.size,
      mtimeNs: String(stat.mtimeNs),
      ctimeNs: String(stat.ctimeNs),
      ino: String(stat.ino),
      digest: content.digest,
      racy: isRacy(stat, content.readAtMs),
      unused: 0,
    };
    const quietly = known && known.digest !== now.digest && known.size === now.size && known.mtimeNs === now.mtimeNs;
    if (quietly) this.#generation = newGeneration();
    if (known && !quietly && known.racy === now.racy && known.digest === now.digest && isSame(known, stat)) return;
    this.#entries.set(path, now);
    this.#changed = true;
  }

  /** Stores the cache under the name in the directory, whole or not at all. A failure is none of the caller's business. */
  async save(directory: string, name: string): Promise<void> {
    if (!this.#changed) return;
    this.#age();
    const file = fileOf(directory, name);
    const temporary = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await writeFile(temporary, format(this.#entries, { generation: this.#generation, name }), {
        mode: 0o600,
        flag: "wx",
      });
      await rename(temporary, file);
      this.#changed = false;
    } catch {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }

  #age(): void {
    const aged = [...this.#entries].map(([path, entry]): [string, Remembered] => [
      path,
      { ...entry, unused: this.#touched.has(path) ? 0 : entry.unused + 1 },
    ]);
    this.#entries = new Map(aged.filter(([, entry]) => entry.unused <= MAX_UNUSED));
  }
}

function newGeneration(): string {
  return randomBytes(8).toString("hex");
}

function fileOf(directory: string, name: string): string {
  return join(directory, `${sha256(name).slice(0, 32)}.stat`);
}

function isSame(known: Remembered, stat: FileStat): boolean {
  return (
    known.size === stat.size &&
    known.mtimeNs === String(stat.mtimeNs) &&
    known.ctimeNs === String(stat.ctimeNs) &&
    known.ino === String(stat.ino)
  );
}

/** Times in the future prove nothing either. */
function isRacy(stat: FileStat, readAtMs: number): boolean {
  const newest = stat.mtimeNs > stat.ctimeNs ? stat.mtimeNs : stat.ctimeNs;
  return newest + RACY_NS > BigInt(Math.floor(readAtMs)) * 1_000_000n;
}

function format(
  entries: ReadonlyMap<string, Remembered>,
  head: { readonly generation: string; readonly name: string },
): string {
  const lines = [JSON.stringify(head.name), head.generation];
  for (const [path, { size, mtimeNs, ctimeNs, ino, digest, racy, unused }] of entries) {
    lines.push(
      `${size} ${mtimeNs} ${ctimeNs} ${ino} ${digest} ${racy ? "racy" : "sure"} ${unused} ${JSON.stringify(path)}`,
    );
  }
  const body = lines.join("\n");
  return `${FORMAT} ${sha256(body)}\n${body}`;
}

/** Undefined for what is damaged in any way: the whole is under a checksum, since a wrong digest would be believed. */
function parse(text: string, name: string): { entries: Map<string, Remembered>; generation: string } | undefined {
  const end = text.indexOf("\n");
  const body = text.slice(end + 1);
  if (end < 0 || text.slice(0, end) !== `${FORMAT} ${sha256(body)}`) return undefined;
  const [storedName, generation, ...lines] = body.split("\n");
  if (storedName !== JSON.stringify(name) || !generation) return undefined;
  const entries = new Map<string, Remembered>();
  for (const line of lines) {
    const [size = "", mtimeNs = "", ctimeNs = "", ino = "", digest = "", racy = "", unused = ""] = line.split(" ", 7);
    const path = line.slice([size, mtimeNs, ctimeNs, ino, digest, racy, unused].join(" ").length + 1);
    const entry = { mtimeNs, ctimeNs, ino, digest, size: Number(size), racy: racy === "racy", unused: Number(unused) };
    entries.set(JSON.parse(path) as string, entry);
  }
  return { entries, generation };
}
