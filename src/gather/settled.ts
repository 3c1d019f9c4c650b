import { readFileSync } from "node:fs";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Observed } from "../plan/observed.ts";
import type { CanonicalSpec } from "../plan/spec-value.ts";
import { canonicalJson, sha256 } from "../std/digest.ts";

/** Whose containers are remembered. */
export interface Owner {
  readonly name: string;
  readonly file: string;
}

/**
 * The containers with what dock last gave them of the properties that change in place. A container's labels keep what
 * it was created with, and its list entry tells nothing of limits: one that nothing is remembered of has to be inspected.
 */
export async function withSettled(cache: string, project: Owner, observed: Observed): Promise<Observed> {
  const root = directory(cache, project);
  const known = new Set(await remembered(root));
  if (known.size === 0) return observed;
  const containers = observed.containers.map((container) => {
    const settled = known.delete(container.id) ? read(root, container.id) : undefined;
    return settled === undefined ? container : { ...container, settled };
  });
  for (const gone of known) await forgetSettled(cache, project, gone);
  return { ...observed, containers };
}

/** Remembers what a container has now. A cache that can't be written costs an inspection a run. */
export async function writeSettled(
  cache: string,
  project: Owner,
  of: { readonly id: string; readonly spec: CanonicalSpec },
): Promise<void> {
  const root = directory(cache, project);
  const file = join(root, of.id);
  await tolerant(async () => {
    await mkdir(root, { recursive: true, mode: 0o700 });
    await writeFile(`${file}.${process.pid}`, canonicalJson(of.spec), { mode: 0o600 });
    await rename(`${file}.${process.pid}`, file);
  });
}

/** Forgets a container: before it is changed, so that an interruption leaves nothing that is not true. */
export async function forgetSettled(cache: string, project: Owner, id: string): Promise<void> {
  await tolerant(async () => rm(join(directory(cache, project), id), { force: true }));
}

function directory(cache: string, { name, file }: Owner): string {
  return join(cache, "settled", sha256(`${name}\n${file}`).slice(0, 16));
}

async function remembered(root: string): Promise<readonly string[]> {
  try {
    return await readdir(root);
  } catch (error) {
    if (error instanceof Error && "code" in error) return [];
    throw error;
  }
}

/** Of some hundred bytes: waiting for a thread for each would take ten times as long as reading them. */
function read(root: string, id: string): CanonicalSpec | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(join(root, id), "utf8"));
    return value !== null && typeof value === "object" ? (value as CanonicalSpec) : undefined;
  } catch {
    // A damaged or vanished file remembers nothing.
    return undefined;
  }
}

async function tolerant(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
  }
}
