import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BuildRecord } from "../plan/inputs.ts";
import { sha256 } from "../std/digest.ts";

/** How many records of an image are kept: some more than input tags, for branches that are switched back and forth. */
const KEPT = 12;

/** Characters that are written at once. */
const CHUNK = 256 * 1024;

/** Where the records of an image lie. Projects of one name in different places share an engine's tags, so they share records. */
function directory(cache: string, of: { readonly project: string; readonly image: string }): string {
  return join(cache, "builds", sha256(`${of.project}\n${of.image}`).slice(0, 16));
}

/** The input digests of the builds that something is kept of, newest first. */
export async function recordedDigests(
  cache: string,
  of: { readonly project: string; readonly image: string },
): Promise<readonly string[]> {
  return (await newestFirst(directory(cache, of))).map((file) => file.replace(/\.json$/, ""));
}

/** What a build was made of; undefined where that can't be read. */
export async function readRecord(
  cache: string,
  of: { readonly project: string; readonly image: string; readonly digest: string },
): Promise<BuildRecord | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(join(directory(cache, of), `${of.digest}.json`), "utf8"));
    return isRecord(value) ? value : undefined;
  } catch {
    // A damaged or vanished cache file is no record.
    return undefined;
  }
}

/** Keeps a record for later plans. A cache that can't be written costs only the detail of a "why". */
export async function writeRecord(
  cache: string,
  of: { readonly project: string; readonly image: string; readonly digest: string },
  record: BuildRecord,
): Promise<void> {
  const root = directory(cache, of);
  try {
    await mkdir(root, { recursive: true, mode: 0o700 });
    const file = join(root, `${of.digest}.json`);
    // Under a name that nobody can have put a link at.
    const temporary = `${file}.${randomBytes(8).toString("hex")}`;
    await writeFile(temporary, recordText(record), { mode: 0o600, flag: "wx" });
    await rename(temporary, file);
    for (const old of (await newestFirst(root)).slice(KEPT)) await rm(join(root, old), { force: true });
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
  }
}

/** The record as JSON, some thousand files at a time. */
function* recordText({ files, ...rest }: BuildRecord): Generator<string> {
  let chunk = `${JSON.stringify(rest).slice(0, -1)},"files":{`;
  let comma = "";
  for (const path in files) {
    chunk += `${comma}${JSON.stringify(path)}:${JSON.stringify(files[path])}`;
    comma = ",";
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = "";
  }
  yield `${chunk}}}`;
}

async function newestFirst(root: string): Promise<readonly string[]> {
  try {
    const names = (await readdir(root)).filter((name) => name.endsWith(".json"));
    const times = await Promise.all(
      names.map(async (name) => ({ name, time: (await stat(join(root, name))).mtimeMs })),
    );
    return times.sort((a, b) => b.time - a.time).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Error && "code" in error) return [];
    throw error;
  }
}

function isRecord(value: unknown): value is BuildRecord {
  if (value === null || typeof value !== "object") return false;
  const record = value as Record<string, unknown>;
  const maps = ["args", "files", "labels", "bases"].every(
    (name) => typeof record[name] === "object" && record[name] !== null,
  );
  const texts = ["dockerfile", "target", "platform"].every((name) => typeof record[name] === "string");
  return maps && texts && Array.isArray(record["hiddenTargets"]);
}
