import { stat } from "node:fs/promises";

/** Those of the files that are there; one that can't be looked at counts as there. */
export async function livingFiles(files: readonly string[]): Promise<ReadonlySet<string>> {
  const living = await Promise.all(files.map(async (file) => ((await isGone(file)) ? [] : [file])));
  return new Set(living.flat());
}

async function isGone(file: string): Promise<boolean> {
  try {
    await stat(file);
    return false;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" || code === "ENOTDIR";
  }
}
