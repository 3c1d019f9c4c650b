import type { Stats } from "node:fs";
import { chown, lstat, mkdir, stat, writeFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import type { Engine } from "../engine/engine.ts";
import { asOptionalObject, asOptionalText } from "../engine/shape.ts";
import { DockError } from "../error.ts";
import { pathBelow } from "../std/path-below.ts";

/** Files that the engine mounts into every container. */
const OF_EVERY_CONTAINER = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"];

/** How a system says that a directory is not this user's to write to. */
const REFUSED = new Set(["EACCES", "EPERM", "EROFS"]);

/** A place in a container that has to be there before its process starts. */
interface Place {
  readonly target: string;
  readonly isFile: boolean;
}

/**
 * Makes what a container that is to be started needs inside the directories of this machine that are bound into it, and
 * what they lack: the places of other mounts, of its image's volumes and its working directory. They are empty and owned
 * like the bound directory, or by this user where only root could give them away (spec §3): the engine would make them
 * as root, which is left to it where this user may not write. Directories of a remote engine's machine are left to it.
 */
export async function makeMountPoints(engine: Engine, container: string, signal: AbortSignal): Promise<void> {
  if ((await engine.greeting(signal)).remote) return;
  const { mounts, raw } = await engine.inspectContainer(container, signal);
  const binds = new Map(
    mounts.flatMap(({ kind, target, source }) => (kind === "bind" ? [[clean(target), source]] : [])),
  );
  if (binds.size === 0) return;
  const tmpfs = asOptionalObject(asOptionalObject(raw["HostConfig"], "container.HostConfig")["Tmpfs"], "Tmpfs");
  const workingDir = asOptionalText(asOptionalObject(raw["Config"], "container.Config")["WorkingDir"], "WorkingDir");
  const mounted = [...mounts.map(({ target }) => target), ...Object.keys(tmpfs)].map(clean);
  const places = await Promise.all(
    mounted.map(async (target): Promise<Place> => ({ target, isFile: await isFile(binds.get(target)) })),
  );
  places.push(...OF_EVERY_CONTAINER.map((target) => ({ target, isFile: true })));
  if (workingDir !== "") places.push({ target: clean(workingDir), isFile: false });
  for (const { target, isFile: wantsFile } of places) {
    const around = mounted.filter((path) => path !== target && pathBelow(path, target) !== undefined);
    // What lies in a volume or in memory is nobody's on this machine.
    const innermost = around.toSorted((a, b) => b.length - a.length)[0] ?? "";
    const root = binds.get(innermost);
    if (root !== undefined) await makePlace(root, { inner: posix.relative(innermost, target), wantsFile });
  }
}

async function makePlace(root: string, of: { readonly inner: string; readonly wantsFile: boolean }): Promise<void> {
  const owner = await statOrUndefined(root);
  if (!owner?.isDirectory()) return;
  const parts = of.inner.split("/");
  let path = root;
  for (const [index, part] of parts.entries()) {
    path = join(path, part);
    const last = index === parts.length - 1;
    const found = await lstatOrUndefined(path);
    // Where a link leads is another place for the container than for this machine.
    if (found?.isSymbolicLink()) return;
    if (found) continue;
    try {
      if (last && of.wantsFile) await writeFile(path, "", { flag: "wx" });
      else await mkdir(path);
      await giveTo(path, owner);
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      // Another container of the same source was quicker.
      if (code === "EEXIST") continue;
      // What this user may not write to is no tree of this user's.
      if (REFUSED.has(code)) return;
      throw new DockError("operation-failed", `could not make the mount point ${path}: ${String(error)}`, {
        hint: `make it yourself, or let ${dirname(path)} be writable`,
        cause: error,
      });
    }
  }
}

/** Only root can give something away: whoever else makes a mount point keeps it. */
async function giveTo(path: string, owner: { readonly uid: number; readonly gid: number }): Promise<void> {
  try {
    await chown(path, owner.uid, owner.gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") throw error;
  }
}

function clean(path: string): string {
  return posix.normalize(`/${path}`).replace(/(?<=.)\/$/, "");
}

async function isFile(source: string | undefined): Promise<boolean> {
  const found = source === undefined ? undefined : await statOrUndefined(source);
  return found !== undefined && !found.isDirectory();
}

/** What can't be looked at is left to the engine. */
async function statOrUndefined(path: string): Promise<Stats | undefined> {
  return stat(path).catch(() => undefined);
}

async function lstatOrUndefined(path: string): Promise<Stats | undefined> {
  return lstat(path).catch(() => undefined);
}
