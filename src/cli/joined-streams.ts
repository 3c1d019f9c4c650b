import type { Duplex } from "node:stream";
import type { TerminalSize } from "../engine/process-calls.ts";
import { demultiplexed } from "../engine/streams.ts";
import { DockError } from "../error.ts";
import { systemClock } from "../std/clock.ts";
import { drained } from "../ui/drained.ts";
import type { Io, Output, Session } from "./session.ts";

/** A process in a container and the connection to its streams. */
export interface JoinedProcess {
  readonly connection: Duplex;
  readonly tty: boolean;
  /** Whether it gets our input. */
  readonly stdin: boolean;
  readonly resize: (size: TerminalSize) => Promise<void>;
}

/** How the joint ended: with the process's output, or because the user has typed ctrl-p ctrl-q. */
export type JointEnd = "ended" | "detached";

/**
 * Makes our streams those of a process until its output ends, which proves nothing about the process. With a terminal
 * ours is put in raw mode, follows its size, and is restored whatever happens. The connection is closed at the end.
 */
export async function joinStreams(session: Session, joined: JoinedProcess): Promise<JointEnd> {
  const { io, signal } = session;
  const { connection } = joined;
  const abort = (): void => void connection.destroy();
  signal.addEventListener("abort", abort, { once: true });
  const restore = joined.tty ? useTerminal(io, joined) : () => undefined;
  const stopFeeding = joined.stdin ? feed(io.stdin, joined) : () => false;
  let left = false;
  try {
    await drain(joined, io);
  } finally {
    left = stopFeeding();
    restore();
    signal.removeEventListener("abort", abort);
    connection.destroy();
  }
  return left ? "detached" : "ended";
}

function useTerminal(io: Io, joined: JoinedProcess): () => void {
  const { stdin, stdout } = io;
  stdin.setRawMode?.(true);
  const ended = new AbortController();
  const resize = (): void => void followSize(stdout, joined, ended.signal);
  resize();
  stdout.on("resize", resize);
  return () => {
    ended.abort();
    stdout.off("resize", resize);
    stdin.setRawMode?.(false);
  };
}

/** Tries until the engine can change the size, for a short time: it can't before the process has begun. */
async function followSize(stdout: Output, { resize }: JoinedProcess, ended: AbortSignal): Promise<void> {
  for (let pause = 5; pause < 1000; pause *= 2) {
    const { rows, columns } = stdout;
    if (rows === undefined || columns === undefined) return;
    try {
      await resize({ rows, columns });
      return;
    } catch (error) {
      // What a process that has ended can't be told is of no interest.
      if (ended.aborted) return;
      // A terminal of the wrong size is no reason to end the process in it.
      if (!(error instanceof DockError)) throw error;
      if (error.status === undefined || error.status === 404) return;
    }
    await systemClock.sleep(pause, ended).catch(() => undefined);
    if (ended.aborted) return;
  }
}

/** Ctrl-p ctrl-q: what docker's users type to leave a terminal and let its process go on. */
const DETACH_KEYS = [0x10, 0x11] as const;

/** Passes our input on; the result ends that and tells whether the user has left. */
function feed(stdin: Io["stdin"], { connection, tty }: JoinedProcess): () => boolean {
  let last = 0;
  let left = false;
  const goOn = (): void => void stdin.resume();
  const forward = (chunk: Uint8Array): void => {
    const at = tty ? chunk.findIndex((byte, index) => isDetach(index === 0 ? last : chunk[index - 1], byte)) : -1;
    last = chunk.at(-1) ?? last;
    if (at >= 0) {
      left = true;
      connection.destroy();
    } else if (connection.writable && !connection.write(chunk)) {
      stdin.pause();
      connection.once("drain", goOn);
    }
  };
  const end = (): void => void connection.end();
  stdin.on("data", forward);
  stdin.on("end", end);
  return () => {
    stdin.off("data", forward);
    stdin.off("end", end);
    connection.off("drain", goOn);
    stdin.pause();
    // An open pipe would keep the process from ending.
    if ("unref" in stdin && typeof stdin.unref === "function") stdin.unref();
    return left;
  };
}

function isDetach(before: number | undefined, byte: number): boolean {
  return before === DETACH_KEYS[0] && byte === DETACH_KEYS[1];
}

async function drain({ connection, tty }: JoinedProcess, to: Pick<Io, "stdout" | "stderr">): Promise<void> {
  const chunks = connection as AsyncIterable<Uint8Array>;
  try {
    if (tty) for await (const chunk of chunks) await writeAll(to.stdout, chunk);
    else
      for await (const chunk of demultiplexed(chunks))
        await writeAll(chunk.stream === "stdout" ? to.stdout : to.stderr, chunk.bytes);
  } catch (error) {
    // A connection that breaks proves no more than one that ends: whoever joined asks the engine about the process.
    if (!(error instanceof Error)) throw error;
  }
}

/** Writes and waits while the reader is slower, so that memory stays bounded. */
async function writeAll(output: Output, bytes: Uint8Array): Promise<void> {
  if (!output.write(bytes)) await drained(output);
}

/** Whether we have a terminal to lend: both our input and our output are one. */
export function hasTerminal({ stdin, stdout }: Io): boolean {
  return stdin.isTTY === true && stdout.isTTY === true;
}
