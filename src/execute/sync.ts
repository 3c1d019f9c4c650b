import { randomBytes } from "node:crypto";
import { createReadStream, lstatSync, readFileSync, readlinkSync } from "node:fs";
import { dirname, posix } from "node:path";
import { Readable } from "node:stream";
import { type Header, type Pack, pack } from "tar-stream";
import type { Engine } from "../engine/engine.ts";
import { DockError } from "../error.ts";
import { deferred } from "../std/deferred.ts";
import type { Owner } from "./container-user.ts";
import type { ContainerShell } from "./container-shell.ts";
import { runInContainer } from "./run-in-container.ts";

/** A file, directory or link of this machine and its place in a container. */
export interface SyncedFile {
  /** Absolute path on this machine. */
  readonly source: string;
  /** Absolute path in the container. */
  readonly target: string;
  /** The directory in the container that `source`'s tree is copied to, or `target` itself. */
  readonly root: string;
  /** Whether a file is there already whose inode is to stay. */
  readonly inPlace?: boolean;
}

/** What to do to a container's files: first the deletions, then the copies, parents before what is in them. */
export interface Sync {
  readonly deletes: readonly string[];
  readonly copies: readonly SyncedFile[];
}

/** What is synced where. */
export interface SyncTo {
  readonly container: string;
  readonly sync: Sync;
  readonly owner: Owner;
  /** There for a container that runs and has a shell. */
  readonly shell?: ContainerShell | undefined;
}

/** Files that are written in place at once; of more than that nobody watches each. */
const IN_PLACE_AT_ONCE = 200;

/** Bytes up to which a file is read in one go. */
const SMALL = 1024 * 1024;

/** Bytes that are sent at once. */
const PIECE = 256 * 1024;

/** Paths that one `rm` is given: a command line has a longest length. */
const PATHS_AT_ONCE = 500;

/**
 * Deletes and copies files in a container (one that does not run takes copies only), the deletions as its root, the
 * copies with the rights they have here and with the owner given. What has vanished here meanwhile is left out; directories above a copy are made. One below
 * its root that is a link in the container is an error: nothing is copied to where the link leads.
 */
export async function syncFiles(engine: Engine, to: SyncTo, signal: AbortSignal): Promise<void> {
  const { container, sync, shell } = to;
  for (let start = 0; start < sync.deletes.length; start += PATHS_AT_ONCE) {
    const paths = sync.deletes.slice(start, start + PATHS_AT_ONCE);
    await deletePaths(engine, { container, paths }, signal);
  }
  const there = shell ? sync.copies.filter(({ inPlace }) => inPlace) : [];
  const inPlace = there.length <= IN_PLACE_AT_ONCE ? there : [];
  const replaced = sync.copies.filter((copy) => !inPlace.includes(copy));
  if (replaced.length > 0) await putFiles(engine, { ...to, copies: replaced }, signal);
  if (!shell || inPlace.length === 0) return;
  const refused = await writeInPlace(engine, { ...to, copies: inPlace, shell }, signal);
  if (refused.length > 0) await putFiles(engine, { ...to, copies: refused }, signal);
}

/** Puts the files beside the others and has the shell write them over those that are there; returns those that it could not. */
async function writeInPlace(
  engine: Engine,
  to: SyncTo & { readonly copies: readonly SyncedFile[]; readonly shell: ContainerShell },
  signal: AbortSignal,
): Promise<readonly SyncedFile[]> {
  const stage = `/.dock-stage-${randomBytes(6).toString("hex")}`;
  const staged = to.copies.map((copy, index) => ({ copy, from: `${stage}-${index}` }));
  const copies = staged.map(({ copy, from }) => ({ ...copy, target: from, root: from }));
  await putFiles(engine, { ...to, copies, owner: { uid: 0, gid: 0 } }, signal);
  const results = await Promise.all(
    staged.map(async ({ copy, from }) => {
      const { target, root } = copy;
      const executable = isExecutable(copy.source);
      return { copy, from, written: await to.shell.write({ from, to: target, root, executable }) };
    }),
  );
  const refused = results.filter(({ written }) => !written);
  if (refused.length > 0)
    await forget(engine, { container: to.container, paths: refused.map(({ from }) => from) }, signal);
  return refused.map(({ copy }) => copy);
}

/** An image without a shell has no rm either: what was staged stays then, and nothing else does. */
async function forget(
  engine: Engine,
  of: { readonly container: string; readonly paths: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  try {
    await deletePaths(engine, of, signal);
  } catch (error) {
    if (signal.aborted || !(error instanceof DockError)) throw error;
  }
}

function isExecutable(path: string): boolean {
  return ((lstatSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o111) !== 0;
}

/** Sends the copies as one tar. A failure of either side ends the other one. */
async function putFiles(
  engine: Engine,
  to: { readonly container: string; readonly copies: readonly SyncedFile[]; readonly owner: Owner },
  signal: AbortSignal,
): Promise<void> {
  const tar = pack();
  let unreadable: unknown;
  const filled = fill(tar, to.copies, to.owner).catch((error: unknown) => {
    unreadable ??= error;
    tar.destroy();
  });
  try {
    await engine.putArchive(
      to.container,
      { path: "/", tar: Readable.from(pieces(tar as AsyncIterable<Uint8Array>)), copyUidGid: false },
      signal,
    );
  } catch (error) {
    // What the engine says of a tar that breaks off is not what is wrong.
    throw unreadable ?? error;
  } finally {
    tar.destroy();
    await filled;
  }
}

async function deletePaths(
  engine: Engine,
  of: { readonly container: string; readonly paths: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  const command = ["rm", "-rf", "--", ...of.paths];
  const { exitCode, output } = await runInContainer(engine, { container: of.container, command, user: "0" }, signal);
  if (exitCode === 0) return;
  throw new DockError(
    "operation-failed",
    `${of.paths.length === 1 ? of.paths[0] : `${of.paths.length} paths`} could not be deleted in the container: ${output.at(-1) ?? `rm ended with ${exitCode}`}`,
    {
      hint: 'deleting needs "rm" in the image; use a rebuild rule where there is none',
    },
  );
}

/** The tar in pieces that are worth a write to the connection each: it comes as three small ones for each file. */
async function* pieces(tar: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void, void> {
  let waiting: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of tar) {
    waiting.push(chunk);
    size += chunk.length;
    if (size < PIECE) continue;
    yield Buffer.concat(waiting);
    waiting = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(waiting);
}

async function fill(tar: Pack, files: readonly SyncedFile[], owner: Owner): Promise<void> {
  const sent = new Set<string>();
  for (const file of files.flatMap((each) => [...directoriesAbove(each), each])) {
    if (sent.has(file.target)) continue;
    sent.add(file.target);
    try {
      await addEntry(tar, file, owner);
    } catch (error) {
      if (!(error instanceof Error && "syscall" in error)) throw error;
      // It has gone meanwhile: the watch will see that, too.
      if ("code" in error && error.code === "ENOENT") continue;
      throw new DockError("operation-failed", `cannot read ${file.source}: ${error.message}`, { cause: error });
    }
  }
  // Without the mark that ends a tar: the engine would answer at it and close the connection while the end of our request
  // is still under way, and that breaks the answer off. So it reads to the end.
  tar.push(null);
}

/** The directories between a copy and its root: as entries of the tar they can't be links in the container. */
function directoriesAbove({ source, target, root }: SyncedFile): readonly SyncedFile[] {
  const above: SyncedFile[] = [];
  let [from, to] = [dirname(source), posix.dirname(target)];
  while (to.startsWith(root === "/" ? root : `${root}/`) && to !== "/") {
    above.unshift({ source: from, target: to, root });
    [from, to] = [dirname(from), posix.dirname(to)];
  }
  return above;
}

async function addEntry(tar: Pack, { source, target }: SyncedFile, owner: Owner): Promise<void> {
  const stats = lstatSync(source);
  const header: Entry = { name: target.slice(1), mode: stats.mode & 0o7777, mtime: stats.mtime, ...owner };
  if (stats.isDirectory()) await entry(tar, { ...header, type: "directory" });
  else if (stats.isSymbolicLink()) await entry(tar, { ...header, type: "symlink", linkname: readlinkSync(source) });
  else if (stats.isFile() && stats.size <= SMALL) await entry(tar, { ...header, type: "file" }, readFileSync(source));
  else if (stats.isFile()) await largeEntry(tar, source, { ...header, type: "file", size: stats.size });
}

type Entry = Partial<Header> & Pick<Header, "name">;

/** Resolves when the entry has been passed on. */
async function entry(tar: Pack, header: Entry, content?: Buffer): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const done = (error?: Error | null): void => (error ? reject(error) : resolve());
    if (content) tar.entry(header, content, done);
    else tar.entry(header, done);
  });
}

/** A file that shrinks while it is read breaks the tar off, and the sync is tried again. */
async function largeEntry(tar: Pack, source: string, header: Entry & { readonly size: number }): Promise<void> {
  const content = createReadStream(source, { end: header.size - 1 });
  const passed = deferred<void>();
  const sink = tar.entry(header, (error) => (error ? passed.reject(error) : passed.resolve()));
  const pump = async (): Promise<void> => {
    for await (const chunk of content) {
      if (!sink.write(chunk)) await new Promise<void>((resolve) => sink.once("drain", () => resolve()));
    }
    sink.end(undefined);
  };
  try {
    await Promise.all([passed.promise, Promise.race([passed.promise, pump()])]);
  } finally {
    content.destroy();
  }
}
