import { randomBytes } from "node:crypto";
import { chmod, type FileHandle, link, lstat, mkdir, open as openFile, rename, rm, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { BuildResultSink } from "../engine/buildkit/file-send.ts";
import type { ReceivedEntry } from "../engine/buildkit/received-entry.ts";
import { DockError } from "../error.ts";

/** Where a result is written, and how to leave nothing half written when it does not come to its end. */
export interface OutputSink extends BuildResultSink {
  abandon(): Promise<void>;
}

/** Writes what the builder sends to a file, which is there only when it is whole. */
export function fileSink(dest: string): OutputSink {
  const part = new PartialFile(dest, 0o644);
  return {
    entry: () => Promise.resolve(),
    data: async (_, chunk) => part.write(chunk),
    end: async () => part.finish(),
    done: () => Promise.resolve(),
    abandon: async () => part.abandon(),
  };
}

/**
 * Writes a directory that the builder sends into one of this machine. What is there and not sent stays; nothing is
 * written through links that are there, and each file is there only when it is whole.
 */
export function directorySink(dest: string): OutputSink {
  const open = new Map<string, PartialFile>();
  const directories = new Set<string>([""]);
  const files = new Set<string>();
  const links: ReceivedEntry[] = [];
  const place = (path: string): string => {
    const above = dirname(path);
    if (!directories.has(above === "." ? "" : above)) throw outside(path);
    return join(dest, path);
  };
  const entry = async (one: ReceivedEntry): Promise<void> => {
    const path = place(one.path);
    if (directories.size === 1) await mkdir(dest, { recursive: true });
    switch (one.kind) {
      case "directory":
        await makeDirectory(path, one.mode);
        directories.add(one.path);
        return;
      case "file":
        files.add(one.path);
        open.set(one.path, new PartialFile(path, one.mode));
        return;
      case "symlink":
        await rm(path, { recursive: true, force: true });
        return symlink(one.linkTarget, path);
      case "hardlink":
        // What it is another name of may still be on its way.
        links.push(one);
        return;
      case "other":
        // Devices and pipes are of no use outside an image.
        return;
    }
  };
  return {
    entry,
    data: async (path, chunk) => open.get(path)?.write(chunk),
    end: async (path) => {
      await open.get(path)?.finish();
      open.delete(path);
    },
    done: async () => {
      for (const { path, linkTarget } of links) {
        if (!files.has(linkTarget)) throw outside(linkTarget);
        await rm(join(dest, path), { recursive: true, force: true });
        await link(join(dest, linkTarget), join(dest, path));
      }
    },
    abandon: async () => {
      await Promise.all([...open.values()].map(async (file) => file.abandon()));
    },
  };
}

async function makeDirectory(path: string, mode: number): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found && !found.isDirectory()) await rm(path, { force: true });
  await mkdir(path, { recursive: true });
  // Without these the next file could not be put into it.
  await chmod(path, mode | 0o700);
}

function outside(path: string): DockError {
  return new DockError("engine-broken", `the builder sent ${JSON.stringify(path)} without what it lies in`);
}

/** A file beside its place until it is whole. */
class PartialFile {
  readonly #path: string;
  readonly #mode: number;
  readonly #temporary: string;
  #handle: Promise<FileHandle> | undefined;
  #done = false;

  constructor(path: string, mode: number) {
    this.#path = path;
    this.#mode = mode;
    this.#temporary = join(dirname(path), `.${basename(path).slice(0, 100)}.${randomBytes(6).toString("hex")}`);
  }

  async write(chunk: Uint8Array): Promise<void> {
    const handle = await this.#open();
    await handle.writeFile(chunk);
  }

  async finish(): Promise<void> {
    const handle = await this.#open();
    await handle.chmod(this.#mode);
    await handle.close();
    const found = await lstat(this.#path).catch(() => undefined);
    if (found?.isDirectory()) await rm(this.#path, { recursive: true });
    await rename(this.#temporary, this.#path);
    this.#done = true;
  }

  async abandon(): Promise<void> {
    if (this.#done || !this.#handle) return;
    this.#done = true;
    await this.#handle.then((handle) => handle.close()).catch(() => undefined);
    await rm(this.#temporary, { force: true });
  }

  async #open(): Promise<FileHandle> {
    this.#handle ??= (async () => {
      await mkdir(dirname(this.#path), { recursive: true });
      return openFile(this.#temporary, "wx", 0o600);
    })();
    return this.#handle;
  }
}
