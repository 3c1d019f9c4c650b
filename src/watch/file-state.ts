import { createReadStream, lstatSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import { createHash } from "node:crypto";

/** What one look at a directory entry told. */
export interface FileState {
  readonly kind: "file" | "directory" | "link";
  /** Bytes. */
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly inode: number;
  readonly executable: boolean;
  /**
   * The look came so soon after the change that a further one within the file system's tick would look the same:
   * equal numbers then prove nothing.
   */
  readonly fresh: boolean;
  /** Digest of type, exec bit and content or link target; undefined as long as nobody has read it. */
  readonly content?: string;
}

/** Milliseconds of the coarsest clock that file systems stamp with. */
const COARSEST_TICK_MS = 2000;

/** Bytes up to which a file is read in one go. */
const SMALL = 256 * 1024;

/** Looks at an entry without following links. Undefined when there is none, or something that has no content. */
export function lookAt(path: string): FileState | undefined {
  const stats = statsOf(path);
  if (!stats) return undefined;
  const kind = stats.isFile()
    ? "file"
    : stats.isDirectory()
      ? "directory"
      : stats.isSymbolicLink()
        ? "link"
        : undefined;
  if (kind === undefined) return undefined;
  return {
    kind,
    size: kind === "directory" ? 0 : stats.size,
    mtimeMs: stats.mtimeMs,
    ctimeMs: stats.ctimeMs,
    inode: stats.ino,
    executable: kind === "file" && (stats.mode & 0o111) !== 0,
    fresh: stats.ctimeMs > Date.now() - COARSEST_TICK_MS,
  };
}

/** Whether two looks can't but have seen the same content. Access rights beyond the exec bit don't count. */
export function isSurelySame(before: FileState, now: FileState): boolean {
  if (before.kind !== now.kind || before.inode !== now.inode) return false;
  if (now.kind === "directory") return true;
  const same =
    before.size === now.size &&
    before.mtimeMs === now.mtimeMs &&
    before.ctimeMs === now.ctimeMs &&
    before.executable === now.executable;
  return same && !before.fresh;
}

/**
 * The state with its content read. Content that changes under the reader counts as what the last of three reads gave,
 * and the state stays fresh; what can't be read is known by its numbers. Undefined when the entry has gone.
 */
export async function withContent(path: string, state: FileState): Promise<FileState | undefined> {
  let now: FileState = state;
  for (let attempt = 0; ; attempt += 1) {
    const content = await contentOf(path, now);
    const after = lookAt(path);
    if (!after) return undefined;
    const stable =
      after.size === now.size && after.mtimeMs === now.mtimeMs && after.inode === now.inode && after.kind === now.kind;
    if (stable || attempt === 2) return { ...after, fresh: after.fresh || !stable, content };
    now = after;
  }
}

async function contentOf(path: string, state: FileState): Promise<string> {
  if (state.kind === "directory") return "directory";
  const hash = createHash("sha256").update(`${state.kind}${state.executable ? "+x" : ""}\n`);
  try {
    if (state.kind === "link") hash.update(readlinkSync(path));
    else if (state.size <= SMALL) hash.update(readFileSync(path));
    else for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    return `${String(error.code)} ${state.size} ${state.mtimeMs} ${state.inode}`;
  }
  return hash.digest("hex");
}

/** Whatever can't be looked at (gone, no access, a name too long) is not there. */
function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}
