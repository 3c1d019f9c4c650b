import { open, readdir, readlink, stat, lstat } from "node:fs/promises";
import type { Stats } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type Header, type Pack, pack } from "tar-stream";
import { DockError } from "../error.ts";
import { deferred } from "../std/deferred.ts";
import { drained } from "../ui/drained.ts";

/** What is packed and under which name. */
export interface PackedSource {
  readonly path: string;
  /** Name of the entry; undefined: a directory's contents without the directory. */
  readonly name: string | undefined;
  /** Whether `path` itself, where it is a link, stands for what it leads to. */
  readonly followLink: boolean;
}

/** A tar that is being written; both ends have to be looked at. */
export interface Packing {
  readonly tar: Readable;
  /** Settles when all is written: with the paths that have no place in a tar, such as sockets. */
  readonly done: Promise<readonly string[]>;
}

/** Packs a file or a tree with modes, times and owners' numbers; links within are packed as links. */
export function packFiles(source: PackedSource): Packing {
  const tar = pack();
  // Its breaking off is told by `done`, and must not end the process before anybody looks at that.
  tar.on("error", () => {});
  const leftOut: string[] = [];
  const write = async (): Promise<readonly string[]> => {
    try {
      const stats = source.followLink ? await stat(source.path) : await lstat(source.path);
      if (source.name === undefined) await addChildren(tar, { path: source.path, prefix: "", leftOut });
      else await add(tar, { path: source.path, name: source.name, stats, leftOut });
      // Without the mark that ends a tar: an engine that answers at it closes the connection while our end is on its way.
      tar.push(null);
      return leftOut;
    } catch (error) {
      tar.destroy(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  };
  return { tar: Readable.from(tar as AsyncIterable<Uint8Array>, { objectMode: false }), done: write() };
}

interface PackedEntry {
  readonly path: string;
  readonly name: string;
  readonly stats: Stats;
  readonly leftOut: string[];
}

async function add(tar: Pack, entry: PackedEntry): Promise<void> {
  const { path, name, stats, leftOut } = entry;
  const common = { name, mode: stats.mode & 0o7777, mtime: stats.mtime, uid: stats.uid, gid: stats.gid };
  if (stats.isDirectory()) {
    await addEmpty(tar, { ...common, name: `${name}/`, type: "directory" });
    await addChildren(tar, { path, prefix: `${name}/`, leftOut });
  } else if (stats.isSymbolicLink()) {
    await addEmpty(tar, { ...common, type: "symlink", linkname: await readlink(path) });
  } else if (stats.isFile()) {
    await addFile(tar, path, common);
  } else leftOut.push(path);
}

async function addChildren(
  tar: Pack,
  of: { readonly path: string; readonly prefix: string; readonly leftOut: string[] },
): Promise<void> {
  for (const child of (await readdir(of.path)).sort()) {
    const path = join(of.path, child);
    await add(tar, { path, name: of.prefix + child, stats: await lstat(path), leftOut: of.leftOut });
  }
}

/** An entry's header; what is left out has its default. */
type PartialHeader = Partial<Header> & Pick<Header, "name">;

async function addEmpty(tar: Pack, header: PartialHeader): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    tar.entry(header, "", (error) => (error ? reject(error) : resolve()));
  });
}

/** A file that grows meanwhile is packed at the size it had; one that shrinks is an error. */
async function addFile(tar: Pack, path: string, header: PartialHeader): Promise<void> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    if (size === 0) {
      await addEmpty(tar, { ...header, size });
      return;
    }
    const ended = deferred<void>();
    ended.promise.catch(() => {});
    const sink = tar.entry({ ...header, size }, (error) => (error ? ended.reject(error) : ended.resolve()));
    let left = size;
    for await (const chunk of file.createReadStream({ end: size - 1, autoClose: false }) as AsyncIterable<Buffer>) {
      left -= chunk.length;
      if (!sink.write(chunk)) await drained(sink);
      if (tar.destroyed) throw new Error("the tar was broken off");
    }
    if (left > 0) throw new DockError("operation-failed", `${path} became shorter while it was copied`);
    sink.end(undefined);
    await ended.promise;
  } finally {
    await file.close();
  }
}
