import type { LogRecord } from "../engine/log-records.ts";
import type { ObservedContainer } from "../plan/observed.ts";
import { compareText } from "../std/digest.ts";
import { Deadline } from "../std/deadline.ts";
import { overAbsences } from "./engine-away.ts";
import { LiveLogs } from "./live-logs.ts";
import { isGone, isUnreadable } from "./log-faults.ts";
import { LogPosition } from "./log-position.ts";
import { LogPrinter } from "./log-printer.ts";
import type { EndedContainer, LogsRequest } from "./logs-request.ts";
import { mergedRecords } from "./merged-records.ts";
import type { Session } from "./session.ts";

/**
 * Shows the containers' output: what is there in the order of its times, then, when following, what comes, through
 * restarts and replacements and without a line lost or shown twice. Resolves when all of it is shown, when following
 * once all containers have stopped for good, or at an abort. The result tells how followed ones ended.
 */
export async function followLogs(session: Session, request: LogsRequest): Promise<readonly EndedContainer[]> {
  const { signal } = session;
  const containers = request.containers.toSorted((a, b) => compareText(a.name, b.name));
  const printer = new LogPrinter(session, request, containers);
  const positions = new Map(containers.map((container) => [container.id, new LogPosition()]));
  try {
    await showHistory(session, { request, containers, printer, positions });
    if (!request.follow) return [];
    return await followLive(session, new LiveLogs(session, { request, printer, positions }), request.until);
  } catch (error) {
    if (signal.aborted) return [];
    throw error;
  }
}

/** Follows on over an engine's restart, until all is over or the time `until` has come. */
async function followLive(
  session: Session,
  logs: LiveLogs,
  until: string | undefined,
): Promise<readonly EndedContainer[]> {
  const { signal } = session;
  const stop = new AbortController();
  const inner = AbortSignal.any([signal, stop.signal]);
  const end = new Deadline(until === undefined ? undefined : millisecondsTo(until), () => stop.abort());
  try {
    await overAbsences(inner, async () => logs.follow(inner));
    return logs.ended;
  } catch (error) {
    if (stop.signal.aborted && !signal.aborted) return logs.ended;
    throw error;
  } finally {
    end.end();
  }
}

/** At most what a timer can hold. */
function millisecondsTo(seconds: string): number {
  return Math.max(0, Math.min(Number(seconds) * 1000 - Date.now(), 2 ** 31 - 1));
}

async function showHistory(
  session: Session,
  of: {
    readonly request: LogsRequest;
    readonly containers: readonly ObservedContainer[];
    readonly printer: LogPrinter;
    readonly positions: ReadonlyMap<string, LogPosition>;
  },
): Promise<void> {
  const { containers, printer, positions } = of;
  const logs = containers.map((container) => {
    const position = positions.get(container.id);
    if (!position) throw new Error(`unreachable: no position of ${container.id}`);
    return history(session, { container, position }, of.request);
  });
  for await (const { source, record } of mergedRecords(logs)) {
    const container = containers[source];
    if (!container) throw new Error(`unreachable: no log ${source}`);
    if (!record.passedOver) await printer.print(container, record);
  }
}

/** A line of what is there already; one that is passed over only tells where following has to begin. */
interface PastRecord extends LogRecord {
  readonly passedOver: boolean;
}

async function* history(
  session: Session,
  of: { readonly container: ObservedContainer; readonly position: LogPosition },
  request: LogsRequest,
): AsyncGenerator<PastRecord, void, void> {
  const { container, position } = of;
  const { signal } = session;
  const engine = session.engine();
  try {
    // Only an inspection tells whether the output is multiplexed.
    const detail = await engine.inspectContainer(container.id, signal);
    const start = request.from(container, detail);
    const passedOver = start.tail === 0;
    if (start.since !== undefined) position.begin(start.since);
    if (passedOver && !request.follow) return;
    const options = {
      ...start,
      ...(passedOver ? { tail: 1 } : {}),
      ...(request.until === undefined ? {} : { until: request.until }),
      follow: false,
      tty: detail.tty,
    };
    for await (const record of engine.containerRecords(container.id, options, signal)) {
      // What was left out of the last lines is not to come with what follows either.
      if (start.tail !== undefined) position.begin(record.at);
      position.admit(record);
      yield { ...record, passedOver };
    }
  } catch (error) {
    if (isGone(error)) return;
    if (!isUnreadable(error)) throw error;
    session.io.stderr.write(`${container.name} keeps no output that could be read: ${(error as Error).message}\n`);
  }
}
