import type { Engine } from "../engine/engine.ts";
import { demultiplexed, outputLines } from "../engine/streams.ts";
import { DockError } from "../error.ts";
import { systemClock } from "../std/clock.ts";

/** What to run where. */
export interface ContainerCommand {
  readonly container: string;
  readonly command: readonly string[];
  /** Undefined: the container's. */
  readonly user?: string;
  /** Undefined: the container's. */
  readonly workingDir?: string;
  /** Besides the container's. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly privileged?: boolean;
}

/** How a command ended. */
export interface CommandResult {
  readonly exitCode: number;
  /** Its last lines, stdout and stderr in the order they came. */
  readonly output: readonly string[];
}

/** Lines of output that are kept. */
const KEPT_LINES = 50;

/** Milliseconds that the engine may take to notice the end of a process whose output has ended. */
const END_MS = 10_000;

/** Runs a command in a running container without input, waits for its end, and keeps its last lines. */
export async function runInContainer(
  engine: Engine,
  of: ContainerCommand,
  signal: AbortSignal,
): Promise<CommandResult> {
  const { container, ...process } = of;
  const request = { ...process, tty: false, stdin: false };
  const id = await engine.execCreate(container, request, signal);
  const connection = await engine.execStart(id, { tty: false }, signal);
  const abort = (): void => void connection.destroy();
  signal.addEventListener("abort", abort, { once: true });
  const output: string[] = [];
  try {
    for await (const line of outputLines(demultiplexed(connection as AsyncIterable<Uint8Array>))) {
      output.push(line.text);
      if (output.length > KEPT_LINES) output.shift();
    }
  } catch (error) {
    // A broken stream proves nothing about the process: the engine is asked how it ended.
    if (!(error instanceof Error)) throw error;
  } finally {
    signal.removeEventListener("abort", abort);
    connection.destroy();
  }
  signal.throwIfAborted();
  return { exitCode: await exitCodeOf(engine, id, signal), output };
}

async function exitCodeOf(engine: Engine, exec: string, signal: AbortSignal): Promise<number> {
  const until = performance.now() + END_MS;
  for (;;) {
    const state = await engine.execInspect(exec, signal);
    if (!state.running) return state.exitCode ?? 1;
    if (performance.now() > until) {
      throw new DockError("engine-broken", "the connection to a command was lost while it still runs in the container");
    }
    await systemClock.sleep(10, signal);
  }
}
