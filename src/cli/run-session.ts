import { DockError } from "../error.ts";
import { deferred } from "../std/deferred.ts";
import { joinStreams } from "./joined-streams.ts";
import type { OneOffContainer } from "./one-off.ts";
import type { Session } from "./session.ts";

/** How a one-off container is run in the foreground. */
export interface Foreground {
  readonly tty: boolean;
  readonly stdin: boolean;
  /** Whether the engine removes the container when it ends. */
  readonly autoRemove: boolean;
}

/** A container that was started with everything in place to follow it. */
export interface StartedOneOff {
  /** Our streams become its own until it ends; the result is its exit code. */
  readonly join: () => Promise<number>;
}

/** Signals after which a process that does not end is killed. */
const PATIENCE = 3;

/** Starts a container so that neither its first output nor its end can be missed. Signals are passed on to it from here. */
export async function startForeground(
  session: Session,
  container: OneOffContainer,
  how: Foreground,
): Promise<StartedOneOff> {
  const { signal } = session;
  const engine = session.engine();
  const connection = await engine.attachContainer(container.id, { stdin: how.stdin }, signal);
  const watched = deferred<void>();
  const exit = engine.watchExit(
    container.id,
    { removed: how.autoRemove, opened: () => watched.resolve() },
    new AbortController().signal,
  );
  // Looked at in `join`; a start that fails has its own error.
  exit.catch(watched.reject);
  const signals = passSignals(session, container.id);
  try {
    await watched.promise;
    await engine.startContainer(container.id, signal);
  } catch (error) {
    signals.stop();
    connection.destroy();
    throw startFault(container, error);
  }
  signals.flush();
  return {
    join: async () => {
      try {
        const end = await joinStreams(session, {
          connection,
          tty: how.tty,
          stdin: how.stdin,
          resize: async (size) => engine.resizeContainer(container.id, size, signal),
        });
        if (signal.aborted) return await abandon(session, container, how);
        if (end === "detached") {
          session.io.stderr.write(`detached: ${container.name} goes on\n`);
          return 0;
        }
        return (await exit).exitCode;
      } finally {
        signals.stop();
      }
    },
  };
}

/** Nobody is there for its output any more: the container is ended and, where it was to be, removed. */
async function abandon(session: Session, { id }: OneOffContainer, { autoRemove }: Foreground): Promise<never> {
  const engine = session.engine();
  const bound = AbortSignal.timeout(30_000);
  if (autoRemove) await engine.removeContainer(id, { volumes: true }, bound);
  else await engine.stopContainer(id, 0, bound);
  session.signal.throwIfAborted();
  throw new Error("unreachable: the session was aborted");
}

interface PassedSignals {
  /** Sends what came before the process was there. */
  readonly flush: () => void;
  readonly stop: () => void;
}

/** Beyond those that a session minds. */
const OTHERS = ["SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;

function passSignals(session: Session, id: string): PassedSignals {
  const engine = session.engine();
  const early: NodeJS.Signals[] = [];
  let started = false;
  let count = 0;
  const send = (name: NodeJS.Signals): void => {
    if (!started) {
      early.push(name);
      return;
    }
    if (name === "SIGINT" || name === "SIGTERM" || name === "SIGHUP") count += 1;
    const sent = count >= PATIENCE ? "SIGKILL" : name;
    engine.killContainer(id, sent, AbortSignal.timeout(30_000)).catch((error: unknown) => {
      // One that has ended meanwhile takes no signals.
      if (!(error instanceof DockError)) throw error;
    });
  };
  const back = session.divertSignals(send);
  for (const name of OTHERS) process.on(name, send);
  return {
    flush: () => {
      started = true;
      for (const name of early.splice(0)) send(name);
    },
    stop: () => {
      back();
      for (const name of OTHERS) process.off(name, send);
    },
  };
}

/** Exit codes by which shells and docker tell that a command could not be run. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

/** A command that could not be run: the exit code says so as it does in a shell. */
export class CommandFault extends Error {
  readonly exitCode: number;
  readonly fault: DockError;

  constructor(fault: DockError, exitCode: number) {
    super(fault.message, { cause: fault });
    this.exitCode = exitCode;
    this.fault = fault;
  }
}

function startFault(container: OneOffContainer, error: unknown): unknown {
  if (!(error instanceof DockError) || error.status === undefined) return error;
  const { message } = error;
  if (/port is already allocated|address already in use/.test(message)) {
    return new DockError("conflict", `${container.name} could not start: ${message}`, {
      hint: "publish another port, or leave out --service-ports",
      cause: error,
    });
  }
  const fault = new DockError("operation-failed", `${container.name} could not start: ${message}`, { cause: error });
  if (/executable file not found|no such file or directory/.test(message)) return new CommandFault(fault, NOT_FOUND);
  return /permission denied/.test(message) ? new CommandFault(fault, NOT_EXECUTABLE) : fault;
}
