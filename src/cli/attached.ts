import { DockError } from "../error.ts";
import { slotTarget } from "../plan/operation.ts";
import { slotOf } from "../plan/slot-state.ts";
import { stopSeconds } from "../plan/teardown.ts";
import type { Converged } from "./converge.ts";
import { followLogs } from "./follow-logs.ts";
import type { Session } from "./session.ts";

/**
 * Follows the logs of what is up until Ctrl-C, then stops the containers that this run started and leaves the others.
 * Ends on its own, with the failing service's code 5, when every followed container has ended.
 */
export async function followAndStop(session: Session, { first, last }: Converged): Promise<number> {
  const started = new Set(
    first.reconciled.plan.actions.flatMap(({ operation }) =>
      operation.kind === "container.start" || operation.kind === "container.replace"
        ? [slotTarget(operation.slot)]
        : [],
    ),
  );
  const slots = new Set(last.reconciled.slots.map((wanted) => slotTarget(wanted.slot)));
  const followed = last.observed.containers.filter((container) => {
    const slot = slotOf(container);
    return slot !== undefined && slots.has(slotTarget(slot));
  });
  await session.releaseTerminal();
  await followLogs(session, { containers: followed, follow: true, tail: 0, since: undefined, timestamps: false });
  if (!session.signal.aborted) return 0;
  const own = followed.filter((container) => {
    const slot = slotOf(container);
    return slot !== undefined && started.has(slotTarget(slot));
  });
  if (own.length > 0)
    session.io.stderr.write(
      `stopping ${own.map((container) => container.name).join(", ")} (Ctrl-C again to leave at once)\n`,
    );
  const engine = session.engine();
  await Promise.all(
    own.map(async (container) => {
      const service = last.project.services[slotOf(container)?.service ?? ""];
      const seconds = service ? stopSeconds(service) : 10;
      await engine.stopContainer(container.id, seconds, AbortSignal.timeout((seconds + 30) * 1000));
    }),
  );
  const { reason } = session.signal as { reason: unknown };
  throw reason instanceof DockError ? reason : new DockError("interrupted", "interrupted");
}
