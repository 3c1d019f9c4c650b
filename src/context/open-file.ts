import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { errorCode, isGone } from "./file-error.ts";
import { type FileStat, fileStat } from "./file-stat.ts";
import { unreadable } from "./walk.ts";

/** A file of a context, open for reading. Whoever opened it closes it. */
export interface OpenFile {
  readonly fd: number;
  /** As it was when it was opened. */
  readonly stat: FileStat;
}

/** What tells a file from another one that took its name. */
export type FileIdentity = Pick<FileStat, "ino" | "dev">;

/** A FIFO that took a file's place must not make the open wait for a writer. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a regular file below `root`, a real path. Undefined when it is gone, is no regular file any more, or is reached
 * only through a link that was put in its way: nothing outside of the root is ever opened for somebody to read.
 */
export function openFile(root: string, path: string, expected: FileIdentity): OpenFile | undefined {
  let fd: number;
  try {
    fd = openSync(`${root}/${path}`, FLAGS);
  } catch (error) {
    // ELOOP: the last name is a link now. ENXIO: a socket.
    if (isGone(error) || ["ELOOP", "EMLINK", "ENXIO"].includes(errorCode(error) ?? "")) return undefined;
    throw unreadable(path, error);
  }
  try {
    const stats = fstatSync(fd, { bigint: true });
    const stat = fileStat(stats);
    const same = stat.ino === expected.ino && stat.dev === expected.dev;
    if (stats.isFile() && (same || isInPlace(root, path, stat))) return { fd, stat };
  } catch (error) {
    closeSync(fd);
    throw unreadable(path, error);
  }
  closeSync(fd);
  return undefined;
}

/** Whether another file than the walked one, as editors put it there, is really at this path below the root. */
function isInPlace(root: string, path: string, stat: FileStat): boolean {
  const full = join(root, path);
  try {
    if (realpathSync(dirname(full)) !== dirname(full)) return false;
    const now = lstatSync(full, { bigint: true });
    return now.ino === stat.ino && now.dev === stat.dev;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

/** Reads once into the buffer. 0 at the end of the file. */
export function readInto(file: OpenFile, path: string, buffer: Uint8Array): number {
  try {
    return readSync(file.fd, buffer);
  } catch (error) {
    throw unreadable(path, error);
  }
}
