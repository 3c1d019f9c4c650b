import type { Engine } from "../engine/engine.ts";
import { DockError } from "../error.ts";
import type { Emit } from "../event.ts";
import type { Hook, Service } from "../project/service-model.ts";
import { stopSeconds } from "../plan/teardown.ts";
import { formatDuration } from "../std/duration.ts";
import { patience } from "./patience.ts";
import { runInContainer } from "./run-in-container.ts";

/** How long a service's `post_start` commands may take in all where nothing else is said. */
const POST_START_MS = 600_000;

/** Lines of a failed command's output that are shown. */
const SHOWN_LINES = 20;

/** A container with what its service wants done in it. */
export interface Hooked {
  readonly engine: Engine;
  readonly container: string;
  readonly service: Pick<Service, "key" | "postStart" | "preStop" | "stopGracePeriod">;
}

/**
 * Runs a service's `post_start` commands one after the other in its started container. When one fails, or the run is
 * interrupted, the container is stopped: the next start runs them again. One that has ended by itself is left to
 * whoever waits for it.
 */
export async function runPostStart(of: Hooked, timeoutMs: number | undefined, signal: AbortSignal): Promise<void> {
  const { engine, container, service } = of;
  if (service.postStart.length === 0) return;
  const milliseconds = timeoutMs ?? POST_START_MS;
  const bound = AbortSignal.timeout(milliseconds);
  try {
    await runAll(of, service.postStart, AbortSignal.any([signal, bound]));
  } catch (error) {
    const cleanup = patience((stopSeconds(service) + 30) * 1000, `stop a container of service ${service.key}`);
    if (!signal.aborted && error instanceof DockError) {
      const { state } = await engine.inspectContainer(container, cleanup);
      if (state !== "running") return;
    }
    await engine.stopContainer(container, stopSeconds(service), cleanup);
    if (signal.aborted || !bound.aborted) throw error;
    throw new DockError(
      "not-ready",
      `the \`post_start\` commands of service ${service.key} were not done after ${formatDuration(milliseconds)}`,
      { hint: "give them longer with --wait-timeout", cause: error },
    );
  }
}

/**
 * Runs a service's `pre_stop` commands in its running container, within the time that it has for stopping. It stops
 * whatever they come to: a failure is told and no more.
 */
export async function runPreStop(of: Hooked, emit: Emit, signal: AbortSignal): Promise<void> {
  const { service } = of;
  if (service.preStop.length === 0) return;
  const seconds = stopSeconds(service);
  const bound = AbortSignal.timeout(seconds * 1000);
  try {
    await runAll(of, service.preStop, AbortSignal.any([signal, bound]));
  } catch (error) {
    if (signal.aborted || !(error instanceof DockError || bound.aborted)) throw error;
    const message = bound.aborted
      ? `the \`pre_stop\` commands of service ${service.key} were not done after ${seconds} s`
      : (error as DockError).message;
    emit({ type: "warning", message, hint: "the container is stopped all the same" });
  }
}

async function runAll(
  { engine, container, service }: Hooked,
  hooks: readonly Hook[],
  signal: AbortSignal,
): Promise<void> {
  const when = hooks === service.postStart ? "post_start" : "pre_stop";
  for (const hook of hooks) {
    const { exitCode, output } = await runInContainer(engine, { container, ...hook }, signal);
    if (exitCode === 0) continue;
    const words = hook.command.join(" ");
    throw new DockError(
      "not-ready",
      `service ${service.key}: its \`${when}\` command "${words}" ended with code ${exitCode}`,
      {
        hint: `try it with "dock exec ${service.key} ${words}"`,
        detail: output.length === 0 ? "it printed nothing" : output.slice(-SHOWN_LINES).join("\n"),
      },
    );
  }
}
