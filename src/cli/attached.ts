import type { Emit } from "../event.ts";
import { runPreStop } from "../execute/hooks.ts";
import { DockError } from "../error.ts";
import { patience } from "../execute/patience.ts";
import { LABEL } from "../plan/labels.ts";
import type { ObservedContainer } from "../plan/observed.ts";
import { slotTarget } from "../plan/operation.ts";
import { awaitedConditions, readiness } from "../plan/readiness.ts";
import { slotOf } from "../plan/slot-state.ts";
import { stopSeconds } from "../plan/teardown.ts";
import type { Project } from "../project/model.ts";
import type { Converged } from "./converge.ts";
import { followLogs } from "./follow-logs.ts";
import { type EndedContainer, epochSeconds, type LogsRequest } from "./logs-request.ts";
import type { Session } from "./session.ts";

/**
 * Follows the logs of what is up until Ctrl-C, then stops the containers that this run started and leaves the others.
 * What this run started is shown from its first line. Ends on its own when every followed container has ended, with a
 * `not-ready` error for a service that was expected to go on.
 */
export async function followAndStop(session: Session, converged: Converged): Promise<number> {
  const { first, last, started } = converged;
  const isStarted = (container: ObservedContainer): boolean => started.has(targetOf(container));
  const slots = new Set(last.reconciled.slots.map((wanted) => slotTarget(wanted.slot)));
  const followed = last.observed.containers.filter(
    (container) =>
      slots.has(targetOf(container)) &&
      (isStarted(container) || container.state !== "exited") &&
      isAttached(container, last.project),
  );
  await session.releaseTerminal();
  const before = new Set(first.observed.containers.map(({ id }) => id));
  const from: LogsRequest["from"] = (container, detail) => {
    if (!isStarted(container)) return { tail: 0 };
    return before.has(container.id) ? { since: epochSeconds(detail.startedAt) } : {};
  };
  const choice = {
    project: last.project,
    services: [
      ...new Set(last.reconciled.slots.filter(({ service }) => service.attach).map(({ slot }) => slot.service)),
    ],
  };
  const passedOver = new Set(
    last.observed.containers.filter((container) => !followed.includes(container)).map(({ id }) => id),
  );
  const ended = await followLogs(session, {
    containers: followed,
    choice,
    passedOver,
    follow: true,
    from,
    timestamps: false,
  });
  if (!session.signal.aborted) {
    failOnEnded(converged, ended);
    return 0;
  }
  const own = last.observed.containers.filter((container) => slots.has(targetOf(container)) && isStarted(container));
  await stopAll(session, own, last.project.services);
  const { reason } = session.signal as { reason: unknown };
  throw reason instanceof DockError ? reason : new DockError("interrupted", "interrupted");
}

/** Whether the file wants a container's output shown. */
function isAttached(container: ObservedContainer, { services }: Project): boolean {
  return services[slotOf(container)?.service ?? ""]?.attach !== false;
}

function targetOf(container: ObservedContainer): string {
  const slot = slotOf(container);
  return slot === undefined ? "" : slotTarget(slot);
}

/** Throws for the first service that ended though it was to go on, or that failed. */
function failOnEnded({ last }: Converged, ended: readonly EndedContainer[]): void {
  for (const { container, exitCode } of ended) {
    const wanted = last.reconciled.slots.find(({ slot }) => slotTarget(slot) === targetOf(container));
    const mayEnd = wanted !== undefined && readiness(wanted, awaitedConditions(last.reconciled.slots)) === "completed";
    if (exitCode === 0 && mayEnd) continue;
    const service = container.labels[LABEL.service] ?? container.name;
    throw new DockError("not-ready", `service ${service} exited with code ${exitCode}`, {
      hint:
        exitCode === 0
          ? "a service is expected to keep running: give it a command that stays in the foreground, or say `task: true`"
          : `see its whole output with "dock logs ${service}"`,
    });
  }
}

async function stopAll(
  session: Session,
  containers: readonly ObservedContainer[],
  services: Converged["last"]["project"]["services"],
): Promise<void> {
  if (containers.length === 0) return;
  session.io.stderr.write(
    `stopping ${containers.map((container) => container.name).join(", ")} (Ctrl-C again to leave at once)\n`,
  );
  const engine = session.engine();
  await Promise.all(
    containers.map(async (container) => {
      const service = services[slotOf(container)?.service ?? ""];
      const seconds = service ? stopSeconds(service) : 10;
      const bound = patience((seconds + 30) * 1000, `stop container "${container.name}"`);
      const emit: Emit = (event) => session.renderer().emit(event);
      if (service && container.state === "running")
        await runPreStop({ engine, container: container.id, service }, emit, bound);
      await engine.stopContainer(container.id, seconds, bound);
    }),
  );
}
