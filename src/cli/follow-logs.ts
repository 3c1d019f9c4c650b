import type { ContainerDetail } from "../engine/container-detail.ts";
import type { OutputLine } from "../engine/streams.ts";
import { DockError } from "../error.ts";
import type { ObservedContainer } from "../plan/observed.ts";
import { slotOf } from "../plan/slot-state.ts";
import { systemClock } from "../std/clock.ts";
import { compareText } from "../std/digest.ts";
import { LogMux } from "../ui/log-mux.ts";
import { stderrStyle, stdoutStyle } from "./report.ts";
import type { Session } from "./session.ts";

/** What of the containers' output is shown. */
export interface LogsRequest {
  readonly containers: readonly ObservedContainer[];
  readonly follow: boolean;
  /** Where a container's output begins; an empty answer is its first line. */
  readonly from: (container: ObservedContainer, detail: ContainerDetail) => LogsStart;
  readonly timestamps: boolean;
}

/** The beginning of what is shown of a container. */
export interface LogsStart {
  /** Last lines of what is there already. */
  readonly tail?: number;
  /** Seconds since the epoch. */
  readonly since?: string;
}

/** A followed container that has stopped. */
export interface EndedContainer {
  readonly container: ObservedContainer;
  readonly exitCode: number;
}

/**
 * Shows the containers' output, each stream on the same one of ours. Resolves when all of it is shown, when following
 * once all containers have stopped for good (one that its restart policy starts again is followed on), or at an abort.
 * The result tells how followed ones ended.
 */
export async function followLogs(session: Session, request: LogsRequest): Promise<readonly EndedContainer[]> {
  const { io, globals, signal } = session;
  const containers = request.containers.toSorted((a, b) => compareText(a.name, b.name));
  const mux = new LogMux({
    names: containers.map((container) => prefix(container)),
    outputs: { stdout: io.stdout, stderr: io.stderr },
    styles: { stdout: stdoutStyle(session), stderr: stderrStyle(session) },
  });
  const ended = await Promise.all(
    containers.map(async (container): Promise<EndedContainer | undefined> => {
      const log = mux.source(prefix(container));
      const print = async (line: OutputLine): Promise<void> => {
        if (globals.json) io.stdout.write(jsonLine(container, line));
        else await log.write(line.stream, `${line.text}\n`);
      };
      try {
        const exitCode = await follow(session, { container, request, print });
        if (exitCode === undefined) return undefined;
        if (!globals.json) mux.remark(prefix(container), `exited with code ${exitCode}`);
        return { container, exitCode };
      } catch (error) {
        if (signal.aborted) return undefined;
        // One that was removed meanwhile has no more to say.
        if (error instanceof DockError && error.status === 404) return undefined;
        throw error;
      }
    }),
  );
  return ended.filter((each) => each !== undefined);
}

/** How long (ms) a container may take from one run to the next of its restart policy before it is looked at again. */
const RESTART_LOOK_MS = 200;

/** Shows one container's output; when following, the exit code with which it stopped for good. */
async function follow(
  session: Session,
  of: {
    readonly container: ObservedContainer;
    readonly request: LogsRequest;
    readonly print: (line: OutputLine) => Promise<void>;
  },
): Promise<number | undefined> {
  const { signal } = session;
  const { container, request } = of;
  const engine = session.engine();
  // Only an inspection tells whether the output is multiplexed.
  const first = await engine.inspectContainer(container.id, signal);
  const { timestamps } = request;
  let start = request.from(container, first);
  for (;;) {
    const options = { follow: request.follow, timestamps, tty: first.tty, ...start };
    for await (const line of engine.containerLogs(container.id, options, signal)) await of.print(line);
    if (!request.follow) return undefined;
    const last = await engine.inspectContainer(container.id, signal);
    if (last.state === "exited" || last.state === "dead") return last.exitCode;
    if (last.state !== "running") await systemClock.sleep(RESTART_LOOK_MS, signal);
    start = { since: epochSeconds(last.finishedAt) };
  }
}

/** The Engine API's form of an RFC 3339 time, to the nanosecond. */
export function epochSeconds(time: string): string {
  const fraction = /\.(\d+)Z$/.exec(time)?.[1] ?? "0";
  return `${Math.floor(Date.parse(time) / 1000)}.${fraction.padEnd(9, "0")}`;
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
