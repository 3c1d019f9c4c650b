import { DockError } from "../error.ts";
import type { Engine } from "../engine/engine.ts";
import type { Readiness } from "../plan/operation.ts";
import type { WantedSlot } from "../plan/wanted.ts";
import { OVERSLEPT_MS } from "../std/deadline.ts";
import { deferred } from "../std/deferred.ts";
import { formatDuration } from "../std/duration.ts";
import type { Execution } from "./execution.ts";
import { patience } from "./patience.ts";
import { probeReady } from "./ready-probe.ts";

/** How long a container has to live after its start to count as alive (spec §5). */
export const SETTLE_MS = 300;

/** Lines of a container's output that a failure shows. */
const SHOWN_LINES = 20;

/** Time to hear of what happened while this process was stopped. */
const HEARING_MS = 5000;

/** How long the next end of a container that keeps restarting is waited for. */
const NEXT_EXIT_MS = 1000;

/** How long what a failure shows may take to be had. */
const TELLING_MS = 10_000;

/** What is waited for. */
export interface Awaited {
  readonly wanted: WantedSlot;
  readonly id: string;
  readonly until: Readiness;
  /** On the execution's clock; undefined when the container was running before. */
  readonly startedAt: number | undefined;
}

/**
 * Resolves when the container is ready: alive for the settle time, healthy, or exited with 0. Rejects with `not-ready`
 * and the container's last lines when it dies, exits otherwise, turns unhealthy or takes longer than its time.
 */
export async function waitUntilReady(execution: Execution, awaited: Awaited, signal: AbortSignal): Promise<void> {
  const stop = new AbortController();
  const inner = AbortSignal.any([signal, stop.signal]);
  try {
    const exit = await Promise.race([exitOf(execution, awaited, inner), signOfLife(execution, awaited, inner)]);
    // Reading the last lines takes time: it must not be in a race that a dead container could win.
    if (exit !== undefined) await judgeExit(execution, awaited, exit.exitCode);
    else if (awaited.until === "alive") await refuseRestarts(execution, awaited, signal);
  } finally {
    stop.abort();
  }
}

/** An engine that starts a container again and again never tells that it ended: for whoever waits, it runs. */
async function refuseRestarts(execution: Execution, awaited: Awaited, signal: AbortSignal): Promise<void> {
  const { service, slot } = awaited.wanted;
  if (service.restart.policy === "no") return;
  const { state, exitCode, restartCount } = await execution.engine.inspectContainer(awaited.id, signal);
  // One that was there before may have found its feet since.
  if (state !== "restarting" && (restartCount === 0 || awaited.startedAt === undefined)) return;
  // While it runs once more, its last code is not to be had.
  const code = state === "restarting" ? exitCode : await nextExitCode(execution, awaited, signal);
  const how = code === undefined ? "" : `it exited with code ${code} and `;
  throw await notReady(execution, awaited, {
    what: `keeps restarting: ${how}was started again ${restartCount === 1 ? "once" : `${restartCount} times`}`,
    hint: `see its whole output with "dock logs ${slot.service}"`,
  });
}

/** The code that a container which keeps restarting ends with next; undefined when it takes long. */
async function nextExitCode(
  { engine, clock }: Execution,
  { id }: Awaited,
  signal: AbortSignal,
): Promise<number | undefined> {
  const stop = new AbortController();
  const inner = AbortSignal.any([signal, stop.signal]);
  try {
    const exit = quietAfterAbort(engine.waitContainer(id, "next-exit", inner), inner);
    const late = clock.sleep(NEXT_EXIT_MS, inner).then(() => undefined);
    return (await Promise.race([exit, quietAfterAbort(late, inner)]))?.exitCode;
  } finally {
    stop.abort();
  }
}

/** As `waitUntilReady`, and asks once more whether the container runs: for callers that then give up what it replaces. */
export async function waitUntilProven(execution: Execution, awaited: Awaited, signal: AbortSignal): Promise<void> {
  await waitUntilReady(execution, awaited, signal);
  if (awaited.until !== "alive") return;
  const { state, exitCode } = await execution.engine.inspectContainer(awaited.id, signal);
  if (state !== "running") await judgeExit(execution, awaited, exitCode);
}

/** How the container ended; of one that goes on, never. */
async function exitOf(
  execution: Execution,
  awaited: Awaited,
  signal: AbortSignal,
): Promise<{ readonly exitCode: number }> {
  const exit = awaited.until === "alive" ? await execution.exits?.endOf(awaited.id) : undefined;
  if (exit) return exit;
  return quietAfterAbort(execution.engine.waitContainer(awaited.id, "not-running", signal), signal);
}

/** Resolves when a running container counts as ready; rejects when it does not come to that in its time. */
async function signOfLife(execution: Execution, awaited: Awaited, signal: AbortSignal): Promise<undefined> {
  switch (awaited.until) {
    case "completed":
      return expiry(execution, awaited, signal);
    case "alive": {
      const passed = awaited.startedAt === undefined ? 0 : execution.clock.now() - awaited.startedAt;
      await execution.clock.sleep(Math.max(0, SETTLE_MS - passed), signal);
      return undefined;
    }
    case "ready": {
      const probe = awaited.wanted.service.ready;
      if (!probe) throw new Error(`service ${awaited.wanted.slot.service} has no sign of readiness`);
      await Promise.race([probeReady(execution, { ...awaited, probe }, signal), expiry(execution, awaited, signal)]);
      return undefined;
    }
    case "healthy":
      await Promise.race([healthy(execution, awaited, signal), expiry(execution, awaited, signal)]);
      return undefined;
  }
}

/** Rejects, unless the container had to run to its end and did so well. */
async function judgeExit(execution: Execution, awaited: Awaited, exitCode: number): Promise<void> {
  if (awaited.until === "completed" && exitCode === 0) return;
  if (exitCode === KILLED && (await ranOutOfMemory(execution, awaited))) {
    throw await notReady(execution, awaited, {
      what: `exited with code ${exitCode}: it ran out of memory and was killed (OOMKilled)`,
      hint: "give it more under `resources.memory`, or have it use less",
    });
  }
  throw await notReady(execution, awaited, {
    what: `exited with code ${exitCode}`,
    hint:
      exitCode === 0
        ? "a service is expected to keep running: give it a command that stays in the foreground"
        : `see its whole output with "dock logs ${awaited.wanted.slot.service}"`,
  });
}

/** Exit code of a process that was killed: 128 and the signal's number. */
const KILLED = 137;

async function ranOutOfMemory({ engine }: Execution, { id }: Awaited): Promise<boolean> {
  try {
    return (await engine.inspectContainer(id, patience(TELLING_MS, "tell how a container ended"))).oomKilled;
  } catch (error) {
    if (!(error instanceof DockError)) throw error;
    return false;
  }
}

/** Resolves at the first passing health check that is believed: one reported since the container's start. */
async function healthy(execution: Execution, awaited: Awaited, signal: AbortSignal): Promise<void> {
  const { engine } = execution;
  const listening = deferred<void>();
  const events = engine.events({ types: ["container"], labels: [], opened: listening.resolve }, signal);
  const changes = (async (): Promise<void> => {
    for await (const event of events) {
      if (event.id !== awaited.id || !event.action.startsWith("health_status")) continue;
      if (event.action.endsWith("unhealthy")) throw await unhealthy(execution, awaited);
      if (event.action.endsWith("healthy")) return;
    }
    signal.throwIfAborted();
    // The stream ended on its own: fall back to what the engine says now.
    await pollHealth(execution, awaited, signal);
  })();
  // The state is read once the engine is listening, so that no change falls between the two.
  const now = listening.promise.then(() => currentHealth(execution, awaited, signal));
  await Promise.race([quietAfterAbort(changes, signal), quietAfterAbort(now, signal)]);
}

/** Resolves when the container is healthy now; else never, but rejects when it has no health check. */
async function currentHealth(execution: Execution, awaited: Awaited, signal: AbortSignal): Promise<void> {
  const { health } = await execution.engine.inspectContainer(awaited.id, signal);
  if (health === undefined) {
    throw new DockError(
      "not-ready",
      `service ${awaited.wanted.slot.service} is waited for until it is healthy, but has no health check`,
      {
        hint: `add a "healthcheck" to service ${awaited.wanted.slot.service}, or wait for "service_started"`,
      },
    );
  }
  if (health.status === "healthy") return;
  // The start has set it back: whatever it is, it has become since, perhaps before the engine's events were listened to.
  if (health.status === "unhealthy") throw await unhealthy(execution, awaited);
  await new Promise<never>(() => undefined);
}

async function pollHealth(execution: Execution, awaited: Awaited, signal: AbortSignal): Promise<void> {
  for (;;) {
    const { health } = await execution.engine.inspectContainer(awaited.id, signal);
    if (health?.status === "healthy") return;
    if (health?.status === "unhealthy") throw await unhealthy(execution, awaited);
    await execution.clock.sleep(500, signal);
  }
}

async function expiry(execution: Execution, awaited: Awaited, signal: AbortSignal): Promise<never> {
  const milliseconds = execution.settings.readyTimeout ?? defaultTimeout(awaited);
  const { clock } = execution;
  for (let left = milliseconds; left > 0;) {
    const due = clock.now() + left;
    await clock.sleep(left, signal);
    // After a time in which this process did not run, what has happened meanwhile is yet to be heard.
    left = clock.now() - due > OVERSLEPT_MS ? Math.min(milliseconds, HEARING_MS) : 0;
  }
  throw await notReady(execution, awaited, {
    what: `was not ${awaited.until} after ${formatDuration(milliseconds)}`,
    hint: 'give it longer with --wait-timeout, or see what it does with "dock logs"',
  });
}

/** What the health check needs to fail for good, and a minute more; ten minutes for a service that has to complete. */
function defaultTimeout({ until, wanted }: Awaited): number {
  if (until === "completed") return 600_000;
  const check = wanted.service.healthcheck;
  if (check?.kind !== "probe") return 180_000;
  const { startPeriod = 0, interval = 30_000, timeout = 30_000, retries = 3 } = check;
  return startPeriod + (interval + timeout) * retries + 60_000;
}

async function unhealthy(execution: Execution, awaited: Awaited): Promise<DockError> {
  const { health } = await execution.engine.inspectContainer(awaited.id, patience(TELLING_MS, "tell of its health"));
  const output = health?.lastOutput.trim() ?? "";
  return notReady(execution, awaited, {
    what: output === "" ? "is unhealthy" : `is unhealthy: its health check said "${output}"`,
    hint: `see its output with "dock logs ${awaited.wanted.slot.service}"`,
  });
}

/** The error for a container that this run has started and that ended after it had counted as ready. */
export async function endedSoon(execution: Execution, awaited: Awaited, exitCode: number): Promise<DockError> {
  return notReady(execution, awaited, {
    what: `ended soon after its start with code ${exitCode}`,
    hint: `see its whole output with "dock logs ${awaited.wanted.slot.service}"`,
  });
}

async function notReady(
  execution: Execution,
  awaited: Awaited,
  of: { readonly what: string; readonly hint: string },
): Promise<DockError> {
  const lines = await lastLines(execution.engine, awaited);
  return new DockError("not-ready", `service ${awaited.wanted.slot.service} ${of.what}`, {
    hint: of.hint,
    ...(lines.length === 0 ? {} : { detail: lines.join("\n") }),
  });
}

/** The container's last output; none when even that can't be had. */
async function lastLines(engine: Engine, awaited: Awaited): Promise<readonly string[]> {
  const lines: string[] = [];
  try {
    const options = { follow: false, tail: SHOWN_LINES, timestamps: false, tty: awaited.wanted.service.tty };
    for await (const line of engine.containerLogs(awaited.id, options, patience(TELLING_MS, "give its last lines")))
      lines.push(line.text);
  } catch (error) {
    if (!(error instanceof DockError)) throw error;
  }
  return lines;
}

/** After an abort nobody looks at the promise any more: its rejection must not surface as unhandled. */
function quietAfterAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return promise.catch(async (error: unknown) => {
    if (signal.aborted) return new Promise<never>(() => undefined);
    throw error;
  });
}
