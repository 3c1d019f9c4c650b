import { readdir, readFile, readlink } from "node:fs/promises";
import { createServer } from "node:net";
import type { NeededPort } from "../plan/host-ports.ts";

/** How many ports above a held one are tried for the suggestion. */
const TRIED = 20;

/**
 * Whether something on this machine already listens where a port is to be bound. Only TCP can be told by trying, which
 * is left out where the kernel says that nobody listens: a try holds the port itself for a moment, and another dock or
 * the engine that binds it just then would take that for somebody else.
 */
export async function isPortHeld({ hostIp, hostPort, protocol }: NeededPort): Promise<boolean> {
  if (protocol !== "tcp" || (await listeners(hostPort))?.length === 0) return false;
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: hostIp, port: hostPort, exclusive: true }, resolve);
    });
    return false;
  } catch (error) {
    // An address that this machine lacks, or a port that we may not bind, is the engine's to judge.
    return (error as NodeJS.ErrnoException).code === "EADDRINUSE";
  } finally {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

/** The next higher port that nobody listens on, or undefined when none of those tried is free. */
export async function nextFreePort(port: NeededPort): Promise<number | undefined> {
  for (let hostPort = port.hostPort + 1; hostPort <= Math.min(65_535, port.hostPort + TRIED); hostPort += 1) {
    if (!(await isPortHeld({ ...port, hostPort }))) return hostPort;
  }
  return undefined;
}

/** `process nginx (pid 4711)` for what listens on a TCP port, or "another process" where the kernel does not tell. */
export async function listeningProcess(hostPort: number): Promise<string> {
  const inodes = new Set(await listeners(hostPort));
  if (inodes.size === 0) return "another process";
  for (const pid of (await names("/proc")).filter((name) => /^\d+$/.test(name))) {
    for (const descriptor of await names(`/proc/${pid}/fd`)) {
      const target = await linkTarget(`/proc/${pid}/fd/${descriptor}`);
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode === undefined || !inodes.has(inode)) continue;
      const name = (await text(`/proc/${pid}/comm`)).trim();
      return `process ${name === "" ? "?" : name} (pid ${pid})`;
    }
  }
  return "another process";
}

/** Inodes of the sockets that listen on a port, or undefined where the kernel does not tell. */
async function listeners(port: number): Promise<readonly string[] | undefined> {
  const tables = await Promise.all(["/proc/net/tcp", "/proc/net/tcp6"].map(text));
  return tables.every((table) => table === "") ? undefined : tables.flatMap((table) => listening(table, port));
}

/** As one of the kernel's tables has them: local address in column 1, state 0A, inode in column 9. */
function listening(table: string, port: number): readonly string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return table
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[1]?.endsWith(suffix) === true && columns[3] === "0A")
    .flatMap((columns) => columns[9] ?? []);
}

async function text(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch {
    // Not there on this system, or gone since.
    return "";
  }
}

async function names(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch {
    return [];
  }
}

async function linkTarget(path: string): Promise<string> {
  try {
    return await readlink(path);
  } catch {
    return "";
  }
}
