import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Reason } from "../plan/reason.ts";
import { sha256 } from "../std/digest.ts";

/** One thing that a run did to a target, kept so that `why` can tell it afterwards. Losing it loses only that. */
export interface LoggedAction {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly target: string;
  readonly kind: string;
  readonly reasons: readonly Reason[];
  readonly note?: string;
  /** Milliseconds that it took. */
  readonly durationMs?: number;
  /** Id of the image that a build has made. */
  readonly image?: string;
}

/** How many actions of a project are kept. */
const KEPT = 500;

function fileOf(cache: string, project: { readonly name: string; readonly file: string }): string {
  return join(cache, "runs", `${sha256(`${project.name}\n${project.file}`).slice(0, 16)}.json`);
}

/** What runs did, oldest first; nothing where the log is missing or damaged. */
export async function readRunLog(
  cache: string,
  project: { readonly name: string; readonly file: string },
): Promise<readonly LoggedAction[]> {
  try {
    const parsed: unknown = JSON.parse(await readFile(fileOf(cache, project), "utf8"));
    return Array.isArray(parsed) ? parsed.filter(isLogged) : [];
  } catch {
    // A cache that can't be read is an empty one.
    return [];
  }
}

/** Adds what a run did. A cache that can't be written costs only the answer to "why". */
export async function appendRunLog(
  cache: string,
  project: { readonly name: string; readonly file: string },
  actions: readonly LoggedAction[],
): Promise<void> {
  if (actions.length === 0) return;
  const file = fileOf(cache, project);
  const all = [...(await readRunLog(cache, project)), ...actions].slice(-KEPT);
  try {
    await mkdir(join(cache, "runs"), { recursive: true, mode: 0o700 });
    // Under a name that nobody can have put a link at.
    const temporary = `${file}.${randomBytes(8).toString("hex")}`;
    await writeFile(temporary, JSON.stringify(all), { mode: 0o600, flag: "wx" });
    await rename(temporary, file);
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
  }
}

function isLogged(value: unknown): value is LoggedAction {
  if (value === null || typeof value !== "object") return false;
  const entry = value as Record<string, unknown>;
  return (
    typeof entry["time"] === "number" &&
    typeof entry["target"] === "string" &&
    typeof entry["kind"] === "string" &&
    Array.isArray(entry["reasons"])
  );
}
