import type { ExecRequest } from "../engine/process-calls.ts";
import { DockError } from "../error.ts";
import { systemClock } from "../std/clock.ts";
import { type ExecProcess, signalExec } from "./exec-signal.ts";
import { joinStreams } from "./joined-streams.ts";
import type { Session } from "./session.ts";

/**
 * Runs a process in a container with our streams as its own and gives its exit code. Signals are passed on to it; where
 * that can't be done, or at the third one, dock leaves and says that the process goes on.
 */
export async function attachExec(session: Session, container: string, request: ExecRequest): Promise<number> {
  const engine = session.engine();
  const { signal } = session;
  const exec = await engine.execCreate(container, request, signal);
  const connection = await engine.execStart(exec, { tty: request.tty }, signal);
  const keepSignals = passSignals(session, { exec, container });
  try {
    const end = await joinStreams(session, {
      connection,
      tty: request.tty,
      stdin: request.stdin,
      resize: (size) => engine.execResize(exec, size, signal),
    });
    if (isClosed(signal)) await signalExec(engine, { exec, container }, "SIGPIPE");
    signal.throwIfAborted();
    return await exitCodeOf(session, exec, end === "detached");
  } finally {
    keepSignals();
  }
}

/** Whether the output went nowhere any more: the process would wait for ever with its next line. */
function isClosed(signal: AbortSignal): boolean {
  return signal.reason instanceof DockError && signal.reason.code === "output-closed";
}

/** Signals after which dock leaves although the process has not ended. */
const PATIENCE = 3;

function passSignals(session: Session, to: ExecProcess): () => void {
  let count = 0;
  const back = session.divertSignals((name) => {
    count += 1;
    if (count >= PATIENCE) {
      leave(name);
      return;
    }
    signalExec(session.engine(), to, name).then(
      (passed) => {
        if (!passed) leave(name);
      },
      () => leave(name),
    );
  });
  const leave = (name: NodeJS.Signals): void => {
    back();
    session.io.stderr.write("the process goes on in the container\n");
    process.kill(process.pid, name);
  };
  return back;
}

/** Longest pause between two looks at a process that has closed its output and still runs. */
const LONGEST_PAUSE_MS = 500;

async function exitCodeOf(session: Session, exec: string, detached: boolean): Promise<number> {
  for (let pause = 10; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 2)) {
    const state = await session.engine().execInspect(exec, session.signal);
    if (!state.running) {
      if (state.exitCode !== undefined) return state.exitCode;
      throw new DockError("engine-broken", "the engine does not say how the process in the container ended");
    }
    if (detached) {
      session.io.stderr.write("detached: the process goes on in the container\n");
      return 0;
    }
    await systemClock.sleep(pause, session.signal);
  }
}
