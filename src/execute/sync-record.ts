import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";
import type { Engine } from "../engine/engine.ts";
import { archivedText } from "./container-user.ts";

/** Where a container keeps what was synced into it: only the container itself can't be out of step with it. */
const RECORD = "/.dock-synced";

/** What was synced into a container: a mark of its content by its path there. */
export type SyncRecord = ReadonlyMap<string, string>;

/** Reads what was synced into a container; empty where nothing was, or the record can't be understood. */
export async function readSyncRecord(engine: Engine, container: string, signal: AbortSignal): Promise<SyncRecord> {
  const text = await archivedText(engine, { container, path: RECORD }, signal);
  try {
    const entries: unknown = JSON.parse(text);
    return new Map(Array.isArray(entries) ? entries.filter(isEntry) : []);
  } catch (error) {
    if (error instanceof SyntaxError) return new Map();
    throw error;
  }
}

/** Replaces the record of a container, running or not. */
export async function writeSyncRecord(
  engine: Engine,
  to: { readonly container: string; readonly record: SyncRecord },
  signal: AbortSignal,
): Promise<void> {
  const tar = pack();
  const content = Buffer.from(JSON.stringify([...to.record]));
  tar.entry({ name: RECORD.slice(1), mode: 0o600, uid: 0, gid: 0, mtime: new Date(0) }, content);
  // Without the mark that ends a tar: at it the engine would answer while the end of our request is still under way.
  tar.push(null);
  const bytes = await buffer(tar as AsyncIterable<Uint8Array>);
  await engine.putArchive(to.container, { path: "/", tar: Readable.from([bytes]), copyUidGid: false }, signal);
}

function isEntry(value: unknown): value is [string, string] {
  return Array.isArray(value) && typeof value[0] === "string" && typeof value[1] === "string";
}
