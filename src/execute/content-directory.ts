import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { BlobWriter, ContentStore } from "../engine/buildkit/content-store.ts";
import { DockError } from "../error.ts";

/** Bytes that are read at once. */
const CHUNK = 1024 * 1024;

/** The blobs of an OCI layout in a directory, which is made when the first one is written. */
export function contentDirectory(root: string, { writable }: { readonly writable: boolean }): ContentStore {
  return {
    size: async (digest) => {
      const path = blobPath(root, digest);
      if (path === undefined) return undefined;
      const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
        throw error;
      });
      return found?.isFile() ? found.size : undefined;
    },
    read: (digest, { offset, size }) => stretch(blobPath(root, digest), { offset, size }),
    write: () => {
      if (!writable) throw new DockError("operation-failed", `the builder may not write into ${root}`);
      return new PartialBlob(root);
    },
  };
}

/** Where a blob lies; undefined for what is no digest, so that no path leads out of the directory. */
function blobPath(root: string, digest: string): string | undefined {
  const [, hex] = /^sha256:([0-9a-f]{64})$/.exec(digest) ?? [];
  return hex === undefined ? undefined : join(root, "blobs", "sha256", hex);
}

async function* stretch(
  path: string | undefined,
  { offset, size }: { readonly offset: number; readonly size: number },
): AsyncGenerator<Uint8Array, void, undefined> {
  if (path === undefined || size === 0) return;
  yield* createReadStream(path, {
    start: offset,
    end: offset + size - 1,
    highWaterMark: CHUNK,
  }) as AsyncIterable<Buffer>;
}

/** A blob beside its place until it is whole. */
class PartialBlob implements BlobWriter {
  readonly #root: string;
  readonly #temporary: string;
  readonly #hash = createHash("sha256");
  #handle: FileHandle | undefined;

  constructor(root: string) {
    this.#root = root;
    this.#temporary = join(root, "blobs", `.part-${randomBytes(8).toString("hex")}`);
  }

  async append(chunk: Uint8Array): Promise<void> {
    const handle = await this.#open();
    this.#hash.update(chunk);
    await handle.writeFile(chunk);
  }

  async commit(expected: string): Promise<string> {
    const handle = await this.#open();
    const digest = `sha256:${this.#hash.digest("hex")}`;
    if (expected !== "" && expected !== digest)
      throw new DockError("engine-broken", `the builder sent ${digest} as ${expected}`);
    const path = blobPath(this.#root, digest) ?? "";
    await handle.close();
    await mkdir(dirname(path), { recursive: true });
    await rename(this.#temporary, path);
    this.#handle = undefined;
    return digest;
  }

  async abandon(): Promise<void> {
    if (!this.#handle) return;
    await this.#handle.close().catch(() => undefined);
    this.#handle = undefined;
    await rm(this.#temporary, { force: true });
  }

  async #open(): Promise<FileHandle> {
    if (this.#handle) return this.#handle;
    await mkdir(dirname(this.#temporary), { recursive: true });
    this.#handle = await open(this.#temporary, "wx", 0o644);
    return this.#handle;
  }
}
