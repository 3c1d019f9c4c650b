import type { OutputLine } from "../engine/streams.ts";
import { DockError } from "../error.ts";
import type { ObservedContainer } from "../plan/observed.ts";
import { slotOf } from "../plan/slot-state.ts";
import { compareText } from "../std/digest.ts";
import { LogMux } from "../ui/log-mux.ts";
import { stderrStyle, stdoutStyle } from "./report.ts";
import type { Session } from "./session.ts";

/** What of the containers' output is shown. */
export interface LogsRequest {
  readonly containers: readonly ObservedContainer[];
  readonly follow: boolean;
  /** Last lines of each container; undefined: all. */
  readonly tail: number | undefined;
  readonly since: string | undefined;
  readonly timestamps: boolean;
}

/** Shows the containers' output, each stream on the same one of ours; resolves when all have ended or the session is aborted. */
export async function followLogs(session: Session, request: LogsRequest): Promise<void> {
  const { io, globals, signal } = session;
  const containers = request.containers.toSorted((a, b) => compareText(a.name, b.name));
  const mux = new LogMux({
    names: containers.map((container) => prefix(container)),
    outputs: { stdout: io.stdout, stderr: io.stderr },
    styles: { stdout: stdoutStyle(session), stderr: stderrStyle(session) },
  });
  await Promise.all(
    containers.map(async (container) => {
      const log = mux.source(prefix(container));
      try {
        for await (const line of lines(session, container, request)) {
          if (globals.json) io.stdout.write(jsonLine(container, line));
          else await log.write(line.stream, `${line.text}\n`);
        }
      } catch (error) {
        if (signal.aborted) return;
        // One that was removed meanwhile has no more to say.
        if (error instanceof DockError && error.status === 404) return;
        throw error;
      }
    }),
  );
}

function lines(session: Session, container: ObservedContainer, request: LogsRequest): AsyncIterable<OutputLine> {
  const { follow, tail, since, timestamps } = request;
  return withTerminal(session, container, (tty) =>
    session
      .engine()
      .containerLogs(
        container.id,
        { follow, timestamps, tty, ...(tail === undefined ? {} : { tail }), ...(since === undefined ? {} : { since }) },
        session.signal,
      ),
  );
}

/** Only an inspection tells whether the output is multiplexed. */
async function* withTerminal(
  session: Session,
  container: ObservedContainer,
  open: (tty: boolean) => AsyncIterable<OutputLine>,
): AsyncGenerator<OutputLine, void, void> {
  const { tty } = await session.engine().inspectContainer(container.id, session.signal);
  yield* open(tty);
}

/** `web-1`: the service and the number, as Compose shows it. */
function prefix(container: ObservedContainer): string {
  const slot = slotOf(container);
  return slot ? `${slot.service}-${slot.number}` : container.name;
}

function jsonLine(container: ObservedContainer, line: OutputLine): string {
  const slot = slotOf(container);
  return `${JSON.stringify({ type: "log", service: slot?.service, number: slot?.number, stream: line.stream, text: line.text })}\n`;
}
