import { readFile } from "node:fs/promises";
import { DockError } from "../error.ts";
import { parseEnvFile } from "../project/env-file.ts";
import { resolve } from "node:path";
import type { Io } from "./session.ts";

/** The values of repeatable `-e K=V` options; a name alone takes what our environment has, and nothing where it has none. */
export function environmentOptions(pairs: readonly string[], env: Io["env"]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    pairs.flatMap((pair) => {
      const at = pair.indexOf("=");
      if (at === 0 || pair === "") throw new DockError("usage", `--env takes KEY=VALUE or KEY, not "${pair}"`);
      if (at > 0) return [[pair.slice(0, at), pair.slice(at + 1)]];
      const value = env[pair];
      return value === undefined ? [] : [[pair, value]];
    }),
  );
}

/** The values of files of `NAME=value` lines, later ones over earlier ones; mistakes in one are an `invalid-project` error. */
export async function environmentFiles(files: readonly string[], io: Io): Promise<Readonly<Record<string, string>>> {
  const values: Record<string, string> = {};
  for (const file of files) {
    const content = parseEnvFile({ file, text: await read(resolve(io.cwd, file), file) }, "env");
    if (content.diagnostics.length > 0) {
      throw new DockError("invalid-project", `${file} has mistakes`, { diagnostics: content.diagnostics });
    }
    Object.assign(values, environmentOptions(content.inherited, io.env), content.values);
  }
  return values;
}

async function read(path: string, file: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new DockError("usage", `${file} can't be read: ${(error as Error).message}`, { cause: error });
  }
}
