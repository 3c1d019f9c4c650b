import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { DockError } from "../error.ts";
import { asOptionalObject, type JsonObject, ShapeError } from "./shape.ts";

/** The environment of a process, as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Directory of the docker command's own configuration. */
export function dockerConfigDir(env: Environment): string {
  const named = env["DOCKER_CONFIG"];
  return named === undefined || named === "" ? join(homeDir(env), ".docker") : named;
}

/** The user's home. */
export function homeDir(env: Environment): string {
  const home = env["HOME"];
  return home === undefined || home === "" ? homedir() : home;
}

/** The docker command's `config.json`, empty when there is none. */
export async function readDockerConfig(env: Environment): Promise<JsonObject> {
  return (await readJsonFile(join(dockerConfigDir(env), "config.json"))) ?? {};
}

/** A JSON object in a file, or undefined when the file does not exist. */
export async function readJsonFile(path: string): Promise<JsonObject | undefined> {
  try {
    const text = await readFile(path, "utf8");
    return text.trim() === "" ? {} : asOptionalObject(JSON.parse(text), path);
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR"))
      return undefined;
    const why = error instanceof SyntaxError || error instanceof ShapeError ? "is not a JSON object" : "cannot be read";
    throw new DockError("usage", `the docker configuration ${path} ${why}`, {
      cause: error,
      hint: "mend or remove the file",
    });
  }
}
