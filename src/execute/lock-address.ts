import { lstat, mkdir, rm } from "node:fs/promises";
import { createServer, connect, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DockError } from "../error.ts";

/** How long a holder may take to say who it is. */
const ANSWER_MS = 2000;

/**
 * Where the lock of a name is. On Linux that is an abstract Unix socket, on Windows a pipe: the kernel frees both however
 * their holder ends. Elsewhere it is a socket file in a directory of this user's own; one that nobody listens at any more
 * is taken over.
 */
export async function lockAddress(name: string, platform: NodeJS.Platform): Promise<string> {
  if (platform === "linux") return `\0dock-${name}`;
  if (platform === "win32") return `\\\\.\\pipe\\dock-${name}`;
  return join(await privateDirectory(), `${name}.lock`);
}

/** A directory that nobody else can put a socket into. */
async function privateDirectory(): Promise<string> {
  const uid = process.getuid?.() ?? 0;
  const path = join(tmpdir(), `dock-${uid}`);
  await mkdir(path, { recursive: true, mode: 0o700 });
  const found = await lstat(path);
  if (found.isDirectory() && found.uid === uid && (found.mode & 0o077) === 0) return path;
  throw new DockError("operation-failed", `${path}, where dock keeps its locks, is not this user's alone`, {
    hint: "remove it, or name another directory with TMPDIR",
  });
}

/** A lock that is held until it is closed. */
export interface HeldLock {
  release(): Promise<void>;
}

/** Takes the lock at an address, telling whoever asks that `holder` has it; undefined when another process has it. */
export async function takeLock(address: string, holder: string): Promise<HeldLock | undefined> {
  const taken = await listen(address, holder);
  if (taken || !address.startsWith("/")) return taken;
  return (await removeForsaken(address)) ? listen(address, holder) : undefined;
}

/** What the holder of an address says it is; undefined when it was let go meanwhile. */
export async function lockHolder(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(address);
    let answer = "";
    socket.setTimeout(ANSWER_MS, () => socket.destroy());
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => (answer += text));
    socket.on("error", () => resolve(undefined));
    socket.on("close", () => resolve(answer === "" ? undefined : answer));
  });
}

async function listen(address: string, holder: string): Promise<HeldLock | undefined> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.end(holder);
  });
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else reject(error);
    });
    server.listen(address, () => resolve({ release: () => close(server, sockets) }));
  });
}

/** Whoever has asked and does not go away must not keep the lock from being let go. */
async function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}

/** Removes a socket file whose holder was killed: it refuses connections. True when it is gone. */
async function removeForsaken(path: string): Promise<boolean> {
  const before = await inodeOf(path);
  if (before === undefined) return true;
  if (!(await refusesConnections(path))) return false;
  // Another one may have taken it over while we asked: then the file is another one.
  if ((await inodeOf(path)) !== before) return false;
  await rm(path, { force: true });
  return true;
}

async function inodeOf(path: string): Promise<number | undefined> {
  try {
    return (await lstat(path)).ino;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function refusesConnections(path: string): Promise<boolean> {
  return (await connectionTo(path)) === "ECONNREFUSED";
}

/** Whether a process listens at the address of a lock. What can't be told counts as yes. */
export async function isListening(address: string): Promise<boolean> {
  return !["ECONNREFUSED", "ENOENT"].includes((await connectionTo(address)) ?? "");
}

/** The code of the error that connecting ends with; undefined when there is a connection, which is ended at once. */
async function connectionTo(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(address);
    socket.once("connect", () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
  });
}
