import { posix, resolve } from "node:path";
import * as native from "node:path";
import { lstat, stat } from "node:fs/promises";
import { DockError } from "../error.ts";
import { drained } from "../ui/drained.ts";
import { copyTarget, lookAt, meansContents, meansDirectory, trimmed } from "./copy-place.ts";
import { packFiles } from "./pack-files.ts";
import type { Session } from "./session.ts";
import { unpackFiles } from "./unpack-files.ts";

/** A path in a container. */
export interface ContainerSide {
  /** Id. */
  readonly container: string;
  readonly path: string;
}

/** How a copy is made. */
export interface CopyStyle {
  /** A source that is a link stands for what it leads to. */
  readonly followLink: boolean;
  readonly keepOwner: boolean;
}

/** Writes a tar of a container's path to our output. */
export async function copyToOutput(session: Session, from: ContainerSide, style: CopyStyle): Promise<void> {
  const { stdout } = session.io;
  if (stdout.isTTY === true) {
    throw new DockError("usage", "a tar is nothing for a terminal", { hint: "send the output to a file or a program" });
  }
  const { path } = await sourceIn(session, from, style);
  for await (const chunk of session.engine().getArchive(from.container, path, session.signal)) {
    if (!stdout.write(chunk)) await drained(stdout);
  }
}

/** Copies a file or a tree of a container to a local path; the result tells what has no place here. */
export async function copyOut(
  session: Session,
  copy: { readonly from: ContainerSide; readonly to: string },
  style: CopyStyle,
): Promise<readonly string[]> {
  const { from, to } = copy;
  const source = await sourceIn(session, from, style);
  const path = resolve(session.io.cwd, to);
  const target = copyTarget(source, { path, kind: await localKind(path), saidDirectory: meansDirectory(to) }, native);
  if ((await localKind(target.directory)) !== "directory") {
    throw new DockError("usage", `${target.directory}, where the copy was to go, is no directory`);
  }
  const root = target.name === undefined ? target.directory : resolve(target.directory, target.name);
  const tar = session.engine().getArchive(from.container, source.path, session.signal);
  const { leftOut } = await unpackFiles(tar, { root, keepOwner: style.keepOwner }, session.signal);
  return leftOut;
}

/** Unpacks the tar that our input holds into a directory of a container. */
export async function copyFromInput(session: Session, to: ContainerSide, style: CopyStyle): Promise<void> {
  const { stdin } = session.io;
  if (stdin.isTTY === true) throw new DockError("usage", "the input is a terminal, not a tar");
  const { path } = await directoryIn(session, to);
  const archive = { path, tar: stdin, copyUidGid: style.keepOwner };
  await session.engine().putArchive(to.container, archive, session.signal);
}

/** Copies a local file or tree into a container; the result tells what has no place in it. */
export async function copyIn(
  session: Session,
  copy: { readonly from: string; readonly to: ContainerSide },
  style: CopyStyle,
): Promise<readonly string[]> {
  const { signal } = session;
  const { from, to } = copy;
  const path = resolve(session.io.cwd, from);
  const followLink = style.followLink || meansDirectory(from);
  const kind = await localSource(path, followLink);
  if (meansDirectory(from) && kind === "file") throw new DockError("usage", `${from} is no directory`);
  const source = { name: native.basename(path), kind, contents: meansContents(from) };
  const end = await lookAt(session.engine(), { ...to, followLinks: true }, signal);
  const target = copyTarget(
    source,
    { path: end.path, kind: end.kind === "link" ? "file" : end.kind, saidDirectory: meansDirectory(to.path) },
    posix,
  );
  const { tar, done } = packFiles({ path, name: target.name, followLink });
  const archive = { path: target.directory, tar, copyUidGid: style.keepOwner };
  const sending = session.engine().putArchive(to.container, archive, signal);
  const [packed, sent] = await Promise.allSettled([done, sending]);
  signal.throwIfAborted();
  // Each one's failure ends the other too: what the engine refused, else what could not be packed, began it.
  const refused = sent.status === "rejected" && sent.reason instanceof DockError && sent.reason.status !== undefined;
  if (sent.status === "rejected" && (refused || packed.status === "fulfilled")) throw sent.reason;
  if (packed.status === "rejected") throw packed.reason;
  return packed.value;
}

/** What a container's side of a copy from it is; one that is not there is an error. */
async function sourceIn(
  session: Session,
  from: ContainerSide,
  style: CopyStyle,
): Promise<{
  readonly path: string;
  readonly name: string;
  readonly kind: "file" | "directory";
  readonly contents: boolean;
}> {
  const followLinks = style.followLink || meansDirectory(from.path);
  const { path, name, kind } = await lookAt(session.engine(), { ...from, followLinks }, session.signal);
  if (kind === "missing") {
    throw new DockError("operation-failed", `there is no ${trimmed(from.path)} in the container`);
  }
  if (meansDirectory(from.path) && kind !== "directory") {
    throw new DockError("usage", `${trimmed(from.path)} in the container is no directory`);
  }
  const contents = meansContents(from.path) || path === "/";
  // The root has no name of its own: only its contents can be had.
  return {
    path: contents ? `${path === "/" ? "" : path}/.` : path,
    name,
    kind: kind === "directory" ? kind : "file",
    contents,
  };
}

async function directoryIn(session: Session, to: ContainerSide): Promise<{ readonly path: string }> {
  const { path, kind } = await lookAt(session.engine(), { ...to, followLinks: true }, session.signal);
  if (kind !== "directory") {
    const what = kind === "missing" ? "is not there" : "is no directory";
    throw new DockError("operation-failed", `${path} in the container ${what}: a tar is unpacked into a directory`);
  }
  return { path };
}

async function localKind(path: string): Promise<"file" | "directory" | "missing"> {
  try {
    return (await stat(path)).isDirectory() ? "directory" : "file";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return "missing";
    throw error;
  }
}

async function localSource(path: string, followLink: boolean): Promise<"file" | "directory"> {
  try {
    const stats = followLink ? await stat(path) : await lstat(path);
    return stats.isDirectory() ? "directory" : "file";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") throw new DockError("usage", `there is no ${path} on this machine`);
    throw error;
  }
}
