import type { Duplex } from "node:stream";
import type { ExecRequest } from "../engine/engine.ts";
import { demultiplexed } from "../engine/streams.ts";
import { DockError } from "../error.ts";
import type { Output, Session } from "./session.ts";

/**
 * Runs a process in a container with our streams as its own and gives its exit code. With a terminal ours is put in raw
 * mode, follows its size, and is restored whatever happens.
 */
export async function attachExec(session: Session, container: string, request: ExecRequest): Promise<number> {
  const engine = session.engine();
  const { signal, io } = session;
  const id = await engine.execCreate(container, request, signal);
  const connection = await engine.execStart(id, { tty: request.tty }, signal);
  await using resources = new Cleanup();
  resources.add(() => connection.destroy());
  const abort = (): void => void connection.destroy();
  signal.addEventListener("abort", abort, { once: true });
  resources.add(() => signal.removeEventListener("abort", abort));
  if (request.tty) useTerminal(session, { exec: id, resources });
  feed(io.stdin, { connection, resources });
  await drain(connection, { tty: request.tty, stdout: io.stdout, stderr: io.stderr });
  signal.throwIfAborted();
  return await exitCodeOf(session, id);
}

/** Undoes what was set up, last first. */
class Cleanup implements AsyncDisposable {
  readonly #undo: (() => unknown)[] = [];

  add(undo: () => unknown): void {
    this.#undo.push(undo);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const undo of this.#undo.reverse()) await undo();
  }
}

function useTerminal(session: Session, of: { readonly exec: string; readonly resources: Cleanup }): void {
  const { io, signal } = session;
  io.stdin.setRawMode?.(true);
  of.resources.add(() => io.stdin.setRawMode?.(false));
  const resize = (): void => {
    const { rows, columns } = io.stdout;
    if (rows === undefined || columns === undefined) return;
    // A terminal of the wrong size is no reason to end the process in it.
    session
      .engine()
      .execResize(of.exec, { rows, columns }, signal)
      .catch(() => undefined);
  };
  resize();
  io.stdout.on("resize", resize);
  of.resources.add(() => io.stdout.off("resize", resize));
}

function feed(stdin: Session["io"]["stdin"], to: { readonly connection: Duplex; readonly resources: Cleanup }): void {
  const { connection } = to;
  const forward = (chunk: Uint8Array): void => {
    if (connection.writable && !connection.write(chunk)) {
      stdin.pause();
      connection.once("drain", () => stdin.resume());
    }
  };
  const end = (): void => void connection.end();
  stdin.on("data", forward);
  stdin.on("end", end);
  to.resources.add(() => {
    stdin.off("data", forward);
    stdin.off("end", end);
    stdin.pause();
    // An open pipe would keep the process from ending.
    if ("unref" in stdin && typeof stdin.unref === "function") stdin.unref();
  });
}

async function drain(
  connection: Duplex,
  to: { readonly tty: boolean; readonly stdout: Output; readonly stderr: Output },
): Promise<void> {
  const chunks = connection as AsyncIterable<Uint8Array>;
  try {
    if (to.tty) for await (const chunk of chunks) to.stdout.write(chunk);
    else
      for await (const chunk of demultiplexed(chunks))
        (chunk.stream === "stdout" ? to.stdout : to.stderr).write(chunk.bytes);
  } catch (error) {
    // The end of the stream proves nothing, so neither does its breaking: the engine is asked how the process ended.
    if (!(error instanceof Error)) throw error;
  }
}

/** How long a process whose output has ended may still be reported as running. */
const END_MS = 10_000;

async function exitCodeOf(session: Session, exec: string): Promise<number> {
  const until = performance.now() + END_MS;
  for (;;) {
    const state = await session.engine().execInspect(exec, session.signal);
    if (!state.running) return state.exitCode ?? 1;
    if (performance.now() > until) {
      throw new DockError(
        "engine-broken",
        "the connection to the process was lost while it still runs in the container",
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
