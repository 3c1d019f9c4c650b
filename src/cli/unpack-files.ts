import { constants } from "node:fs";
import { chmod, link, lchown, lstat, lutimes, mkdir, open, rm, stat, symlink, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Extract, extract, type Header } from "tar-stream";
import { DockError } from "../error.ts";
import { drained } from "../ui/drained.ts";

/** One entry of a tar: what it is, and its content. */
interface Entry extends AsyncIterable<Uint8Array> {
  readonly header: Header;
  resume(): unknown;
}

/** Where a tar from a container goes. */
export interface UnpackTarget {
  /** Path that the tar's first name stands for: it is made, or filled when it is a directory. */
  readonly root: string;
  /** Give the copies the owner that the tar names, which only root can. */
  readonly keepOwner: boolean;
}

/** What came of it. */
export interface Unpacked {
  readonly files: number;
  /** Names of entries that have no place here, such as devices. */
  readonly leftOut: readonly string[];
}

/**
 * Unpacks a tar from a container, which is not to be trusted: nothing is written outside of the root, through a link that
 * lies in it, or to what is no regular file.
 */
export async function unpackFiles(
  chunks: AsyncIterable<Uint8Array>,
  target: UnpackTarget,
  signal: AbortSignal,
): Promise<Unpacked> {
  const reader = extract();
  const unpacking = new Unpacking(target);
  const taken = unpacking.takeAll(reader as AsyncIterable<Entry>);
  const fed = feed(chunks, reader, signal);
  // Whichever fails first ends the other and says why; the other's error only says that it was ended.
  let failure: unknown;
  const note = (error: unknown): void => {
    failure ??= error;
    reader.destroy();
  };
  await Promise.all([taken.catch(note), fed.catch(note)]);
  signal.throwIfAborted();
  if (failure !== undefined) throw asFault(failure);
  return { files: unpacking.files, leftOut: unpacking.leftOut };
}

async function feed(chunks: AsyncIterable<Uint8Array>, reader: Extract, signal: AbortSignal): Promise<void> {
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    if (!reader.write(chunk)) await drained(reader);
    if (reader.destroyed) throw new Error("the reading was broken off");
  }
  reader.end(undefined);
}

/** What neither the engine nor the file system has named is a tar that can't be read. */
function asFault(error: unknown): unknown {
  if (error instanceof DockError || (error as NodeJS.ErrnoException).syscall !== undefined) return error;
  return new DockError("engine-broken", `the engine's tar can't be read: ${String(error)}`, { cause: error });
}

class Unpacking {
  readonly #target: UnpackTarget;
  /** Directories whose modes and times are set last: what is written into them would change those. */
  readonly #directories: { readonly path: string; readonly header: Header }[] = [];
  readonly leftOut: string[] = [];
  files = 0;

  constructor(target: UnpackTarget) {
    this.#target = target;
  }

  async takeAll(entries: AsyncIterable<Entry>): Promise<void> {
    for await (const entry of entries) {
      await this.#take(entry);
      entry.resume();
    }
    for (const { path, header } of this.#directories.reverse()) await this.#finish(path, header);
  }

  async #take(entry: Entry): Promise<void> {
    const { header } = entry;
    const path = this.#placeOf(header.name);
    await this.#checkParents(path);
    switch (header.type) {
      case "directory":
        // A directory that was asked to take the contents of another keeps what it is.
        if ((await this.#makeDirectory(path)) || path !== this.#target.root) this.#directories.push({ path, header });
        return;
      case "file":
      case "contiguous-file":
        await this.#writeFile(path, entry);
        this.files += 1;
        return;
      case "symlink":
        await this.#clear(path);
        await symlink(header.linkname ?? "", path);
        if (header.mtime) await lutimes(path, header.mtime, header.mtime);
        await this.#own(path, header);
        this.files += 1;
        return;
      case "link": {
        const original = this.#placeOf(header.linkname ?? "");
        await this.#checkParents(original);
        await this.#clear(path);
        await link(original, path);
        this.files += 1;
        return;
      }
      default:
        this.leftOut.push(header.name);
    }
  }

  /** The place of an entry: its first name is the root's. */
  #placeOf(name: string): string {
    const parts = name.split("/").filter((part) => part !== "");
    const inner = parts.slice(1);
    const isSound = !name.startsWith("/") && parts[0] !== ".." && inner.every((part) => part !== ".." && part !== ".");
    if (!isSound || name.includes("\0")) {
      throw new DockError("operation-failed", `the container's tar has an entry that leads out of it: ${name}`);
    }
    return join(this.#target.root, ...inner);
  }

  /** Everything between the root and the path has to be a real directory. */
  async #checkParents(path: string): Promise<void> {
    const { root } = this.#target;
    for (let parent = dirname(path); parent.length > root.length; parent = dirname(parent)) {
      const stats = await lstat(parent);
      if (!stats.isDirectory()) {
        throw new DockError("operation-failed", `${parent} is no directory: nothing is written through it`);
      }
    }
  }

  /** Whether it had to be made. */
  async #makeDirectory(path: string): Promise<boolean> {
    const there = await unlessMissing(path === this.#target.root ? stat(path) : lstat(path));
    if (there?.isDirectory()) return false;
    if (there) throw new DockError("operation-failed", `${path} is in the way: it is no directory`);
    await mkdir(path);
    return true;
  }

  async #writeFile(path: string, entry: Entry): Promise<void> {
    const there = await unlessMissing(lstat(path));
    if (there && !there.isFile()) await this.#clear(path);
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
    const file = await open(path, flags, 0o600);
    try {
      for await (const chunk of entry) await file.appendFile(chunk);
    } finally {
      await file.close();
    }
    await this.#finish(path, entry.header);
  }

  /** Makes way for something that is no directory. */
  async #clear(path: string): Promise<void> {
    const there = await unlessMissing(lstat(path));
    if (there?.isDirectory()) {
      throw new DockError("operation-failed", `${path} is in the way: it is a directory`);
    }
    if (there) await rm(path);
  }

  async #finish(path: string, header: Header): Promise<void> {
    await this.#own(path, header);
    // Bits that give whoever runs a file its owner's rights are only for copies that keep the owner.
    if (header.mode !== undefined) await chmod(path, header.mode & (this.#target.keepOwner ? 0o7777 : 0o777));
    if (header.mtime) await utimes(path, header.mtime, header.mtime);
  }

  async #own(path: string, { uid, gid }: Header): Promise<void> {
    if (this.#target.keepOwner && uid !== undefined && gid !== undefined) await lchown(path, uid, gid);
  }
}

async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
