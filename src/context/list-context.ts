import { statEntry } from "./file-stat.ts";
import type { PatternList } from "./ignore.ts";
import { compareBytes } from "./name-order.ts";
import { contextRoot, walk } from "./walk.ts";

/** A file as `COPY . /` would bring it into an image. */
export interface ContextFile {
  readonly path: string;
  /** Bytes; of a link, those of its text. */
  readonly size: number;
  /** Permission, setuid, setgid and sticky bits. */
  readonly mode: number;
}

/** What `COPY . /` would see of a context. */
export interface ContextListing {
  /** Everything but directories, by the bytes of their paths. */
  readonly files: readonly ContextFile[];
  readonly sockets: readonly string[];
}

/** Lists a context's directory after its ignore file. Rejects with a `DockError` when it is missing or can't be read. */
export async function listContext(
  directory: string,
  ignore: PatternList,
  signal?: AbortSignal,
): Promise<ContextListing> {
  const root = contextRoot(directory);
  const sockets: string[] = [];
  const files: ContextFile[] = [];
  for await (const batch of walk(root, { exclude: ignore }, { report: { sockets }, ...(signal ? { signal } : {}) })) {
    for (const entry of batch) {
      const stat = entry.kind === "directory" ? undefined : statEntry(root, entry);
      if (stat) files.push({ path: entry.path, size: stat.size, mode: stat.mode });
    }
  }
  return { files: files.sort((a, b) => compareBytes(a.path, b.path)), sockets };
}
