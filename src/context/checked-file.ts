import { createHash, randomBytes } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Stores a body behind a line with its format and its SHA-256, whole or not at all. False when that could not be done,
 * which is none of the business of whoever keeps something only to be quicker the next time.
 */
export async function storeChecked(
  file: string,
  format: string,
  body: readonly (string | Uint8Array)[],
): Promise<boolean> {
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const checksum = createHash("sha256");
    for (const chunk of body) checksum.update(chunk);
    await writeFile(temporary, [`${format} ${checksum.digest("hex")}\n`, ...body], { mode: 0o600, flag: "wx" });
    await rename(temporary, file);
    return true;
  } catch {
    await rm(temporary, { force: true }).catch(() => undefined);
    return false;
  }
}
