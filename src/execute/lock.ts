import { connect, createServer, type Server } from "node:net";
import { DockError } from "../error.ts";
import { setTimeout as delay } from "node:timers/promises";
import { systemClock } from "../std/clock.ts";
import { sha256 } from "../std/digest.ts";

/** What is locked: a project on an engine. */
export interface ProjectLock {
  readonly project: string;
  /** Identifies the engine. */
  readonly engineId: string;
  /** Told to whoever waits. */
  readonly file: string;
  readonly onWait: (message: string) => void;
  /** Milliseconds until waiting is given up. */
  readonly patience?: number;
}

const PATIENCE_MS = 600_000;
const RETRY_MS = 100;

/**
 * Runs `work` as the only writer of a project on this machine. Another one is waited for, saying who it is; after the
 * patience it is a `locked` error. The lock is an abstract Unix socket: the kernel frees it however its holder ends.
 */
export async function withProjectLock<T>(lock: ProjectLock, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const name = `\0dock-${sha256(`${lock.engineId}\n${lock.project}`).slice(0, 24)}`;
  const until = systemClock.now() + (lock.patience ?? PATIENCE_MS);
  let told = false;
  for (;;) {
    const server = await claim(name, `process ${process.pid} (${lock.file})`);
    if (server) {
      try {
        return await work();
      } finally {
        await new Promise<void>((resolve) => server.close(() => resolve()));
      }
    }
    const holder = await askHolder(name);
    if (systemClock.now() > until) {
      throw new DockError(
        "locked",
        `project ${lock.project} is being changed by ${holder ?? "another dock"}; nothing was touched`,
        {
          hint: "wait until it has finished, or end it",
        },
      );
    }
    if (!told && holder !== undefined) {
      lock.onWait(`waiting for ${holder}, which is changing project ${lock.project}`);
      told = true;
    }
    await delay(RETRY_MS, undefined, { signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw error;
    });
  }
}

/** The server that holds the name, or undefined when another process does. */
async function claim(name: string, holder: string): Promise<Server | undefined> {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.end(holder);
  });
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else reject(error);
    });
    server.listen(name, () => resolve(server));
  });
}

/** Who holds the name; undefined when it was let go meanwhile. */
async function askHolder(name: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(name);
    let answer = "";
    socket.setTimeout(2000, () => socket.destroy());
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => (answer += text));
    socket.on("error", () => resolve(undefined));
    socket.on("close", () => resolve(answer === "" ? undefined : answer));
  });
}
