import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import type { Source } from "../diagnostic.ts";
import { MAX_BYTES } from "./parsed.ts";

/** What reading a file came to. */
export type Reading =
  | { readonly kind: "read"; readonly source: Source }
  | { readonly kind: "missing" }
  /** There is something that can't be taken for a text; the message begins with the file's name. */
  | { readonly kind: "unusable"; readonly message: string; readonly hint?: string; readonly cause?: unknown };

/** Reads a text file, which messages call `name`. Anything but a regular file of UTF-8 is unusable, without waiting on it. */
export async function readSource(file: string, name: string): Promise<Reading> {
  try {
    // Without O_NONBLOCK a FIFO would wait for its writer.
    await using handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const info = await handle.stat();
    if (!info.isFile())
      return { kind: "unusable", message: `${name} is ${info.isDirectory() ? "a directory" : "no regular file"}` };
    if (info.size > MAX_BYTES) return { kind: "unusable", message: `${name} is larger than 1 MiB` };
    return decode(await readAtMost(handle), name);
  } catch (error) {
    return isMissing(error) ? { kind: "missing" } : unreadable(name, error);
  }
}

/** As an answer to a failed attempt to look at a file. */
export function unreadable(name: string, cause: unknown): Extract<Reading, { kind: "unusable" }> {
  const reason = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
  return { kind: "unusable", message: `${name} can't be read${reason}`, cause };
}

/** True when an attempt failed because there is no such file. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

/** The file may grow while it is read. */
async function readAtMost(handle: FileHandle): Promise<Uint8Array> {
  const buffer = new Uint8Array(MAX_BYTES + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

function decode(bytes: Uint8Array, name: string): Reading {
  const isUtf16 =
    (bytes[0] === 0xff && bytes[1] === 0xfe) ||
    (bytes[0] === 0xfe && bytes[1] === 0xff) ||
    (bytes.length > 1 && (bytes[0] === 0) !== (bytes[1] === 0));
  const hint = "save it as UTF-8";
  if (isUtf16) return { kind: "unusable", message: `${name} is UTF-16`, hint };
  try {
    return { kind: "read", source: { file: name, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) } };
  } catch (error) {
    return { kind: "unusable", message: `${name} is not valid UTF-8`, hint, cause: error };
  }
}
