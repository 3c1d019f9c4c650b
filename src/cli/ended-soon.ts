import type { DockError } from "../error.ts";
import { type Execution, wantedSlot } from "../execute/execution.ts";
import { slotTarget } from "../plan/operation.ts";
import type { ActionId, Plan } from "../plan/plan.ts";

/** Targets of the slots whose containers have been started, by the actions of a plan that were carried out. */
export function startedSlots(plan: Plan, done: ReadonlySet<ActionId>): readonly string[] {
  return plan.actions.flatMap(({ id, operation }) =>
    done.has(id) && (operation.kind === "container.start" || operation.kind === "container.replace")
      ? [slotTarget(operation.slot)]
      : [],
  );
}

/**
 * The error for a container that this run has started already and that would have to be started again because it has
 * ended: it counted as ready, and starting it over and over helps nobody. Undefined when there is none.
 */
export async function endedAgain(execution: Execution, started: ReadonlySet<string>): Promise<DockError | undefined> {
  for (const { operation } of execution.reconciled.plan.actions) {
    if (operation.kind !== "container.start" || !started.has(slotTarget(operation.slot))) continue;
    const container = execution.observed.containers.find(({ id }) => id === operation.id);
    if (container?.state !== "exited") continue;
    const { endedSoon } = await import("../execute/readiness.ts");
    const wanted = wantedSlot(execution, operation.slot);
    const awaited = { wanted, id: container.id, until: "alive", startedAt: undefined } as const;
    return endedSoon(execution, awaited, container.exitCode ?? 0);
  }
  return undefined;
}
