import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { extract } from "tar-stream";
import type { Engine } from "../engine/engine.ts";
import { DockError } from "../error.ts";

/** Whom files belong to in a container. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Whom files belong to that the container's own process makes, whether it runs or not: its user is looked up in the
 * container's `/etc/passwd` and `/etc/group` where it has a name. Root where that can't be found out.
 */
export async function userOfContainer(engine: Engine, container: string, signal: AbortSignal): Promise<Owner> {
  const { raw } = await engine.inspectContainer(container, signal);
  const config = raw["Config"];
  const text = typeof config === "object" && config !== null && "User" in config ? String(config.User) : "";
  const [user = "", group] = text.split(":");
  if (user === "") return { uid: 0, gid: 0 };
  const read = async (path: string): Promise<string> => archivedText(engine, { container, path }, signal);
  const isNumber = /^\d+$/;
  const row = isNumber.test(user) && group !== undefined ? [] : rowOf(await read("/etc/passwd"), user);
  const uid = isNumber.test(user) ? user : row[2];
  if (group === undefined) return { uid: Number(uid ?? 0), gid: Number(row[3] ?? 0) };
  const gid = isNumber.test(group) ? group : rowOf(await read("/etc/group"), group)[2];
  return { uid: Number(uid ?? 0), gid: Number(gid ?? 0) };
}

/** The text of a file in a container; empty where there is none. */
export async function archivedText(
  engine: Engine,
  of: { readonly container: string; readonly path: string },
  signal: AbortSignal,
): Promise<string> {
  try {
    const entries = extract();
    Readable.from(engine.getArchive(of.container, of.path, signal))
      .on("error", (error) => entries.destroy(error))
      .pipe(entries);
    let text = "";
    for await (const entry of entries) text = (await buffer(entry as AsyncIterable<Uint8Array>)).toString("utf8");
    return text;
  } catch (error) {
    if (!signal.aborted && error instanceof DockError && error.status === 404) return "";
    throw error;
  }
}

/** The fields of the line about a name or a number. */
function rowOf(table: string, wanted: string): readonly string[] {
  const rows = table.split("\n").map((line) => line.split(":"));
  return rows.find(([name, , id]) => name === wanted || id === wanted) ?? [];
}
