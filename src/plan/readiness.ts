import type { Dependency } from "../project/readiness-model.ts";
import { groupBy } from "../std/group-by.ts";
import type { Readiness } from "./operation.ts";
import type { WantedSlot } from "./wanted.ts";

/** The conditions under which services of the slots depend on one, by its key. */
export type AwaitedConditions = ReadonlyMap<string, readonly Pick<Dependency, "condition">[]>;

/** What the services of these slots wait for. */
export function awaitedConditions(slots: readonly WantedSlot[]): AwaitedConditions {
  return groupBy(
    slots.flatMap(({ service }) => service.dependsOn),
    ({ service }) => service,
  );
}

/** A task or a dependent's condition counts, then `ready`, then the service's own health check; else it has to stay alive. */
export function readiness({ service, slot }: WantedSlot, awaited: AwaitedConditions): Readiness {
  const conditions = (awaited.get(slot.service) ?? []).map(({ condition }) => condition);
  if (service.task || conditions.includes("completed")) return "completed";
  if (service.ready !== undefined) return "ready";
  if (conditions.includes("healthy") || service.healthcheck?.kind === "probe") return "healthy";
  return "alive";
}
