import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Stores a body behind a line with its format and its SHA-256, whole or not at all. False when that could not be done,
 * which is none of the business of whoever keeps something only to be quicker the next time.
 */
export async function storeChecked(
  file: string,
  format: string,
  body: Iterable<string | Uint8Array>,
): Promise<boolean> {
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await write(temporary, format, body);
    await rename(temporary, file);
    return true;
  } catch {
    await rm(temporary, { force: true }).catch(() => undefined);
    return false;
  }
}

/** Piece by piece, so that no more than one is there at a time; the first line comes last. */
async function write(file: string, format: string, body: Iterable<string | Uint8Array>): Promise<void> {
  const line = (checksum: string): Buffer => Buffer.from(`${format} ${checksum}\n`);
  const hash = createHash("sha256");
  await using handle = await open(file, "wx", 0o600);
  let at = line("0".repeat(64)).length;
  for (const piece of body) {
    const bytes = typeof piece === "string" ? Buffer.from(piece) : piece;
    hash.update(bytes);
    await writeWhole(handle, bytes, at);
    at += bytes.length;
  }
  await writeWhole(handle, line(hash.digest("hex")), 0);
}

async function writeWhole(
  handle: Awaited<ReturnType<typeof open>>,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
