import { readFile } from "node:fs/promises";
import { hasErrors } from "../diagnostic.ts";
import { DockError } from "../error.ts";
import { parseEnvFile } from "../project/env-file.ts";
import type { Project } from "../project/model.ts";
import type { EnvFile } from "../project/service-model.ts";

/** Environment of the services' `env_file`s, the later file winning; files that need not be there may be missing. */
export async function gatherEnvironments(
  project: Project,
  services: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<Readonly<Record<string, Readonly<Record<string, string>>>>> {
  const entries = services.map(async (key): Promise<[string, Readonly<Record<string, string>>]> => {
    const merged: Record<string, string> = {};
    for (const file of project.services[key]?.envFiles ?? []) Object.assign(merged, await readEnvFile(file, env));
    return [key, merged];
  });
  return Object.fromEntries(await Promise.all(entries));
}

async function readEnvFile(
  file: EnvFile,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Readonly<Record<string, string>>> {
  let text: string;
  try {
    text = await readFile(file.path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && !file.required) return {};
    throw new DockError("not-found", `env_file ${file.path} can't be read (${code ?? "unknown error"})`, {
      cause: error,
    });
  }
  const { values, inherited, diagnostics } = parseEnvFile({ file: file.path, text }, file.format);
  if (hasErrors(diagnostics)) {
    throw new DockError("invalid-project", `env_file ${file.path} has mistakes; nothing was touched`, { diagnostics });
  }
  const taken = inherited.flatMap((name): [string, string][] => {
    const value = env[name];
    return value === undefined ? [] : [[name, value]];
  });
  return { ...values, ...Object.fromEntries(taken) };
}
