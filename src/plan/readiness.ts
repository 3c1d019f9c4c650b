import type { Readiness } from "./operation.ts";
import type { WantedSlot } from "./wanted.ts";

/** A task or a dependent's condition counts, then `ready`, then the service's own health check; else it has to stay alive. */
export function readiness(wanted: WantedSlot, slots: readonly WantedSlot[]): Readiness {
  const conditions = slots.flatMap(({ service }) =>
    service.dependsOn
      .filter((dependency) => dependency.service === wanted.slot.service)
      .map((dependency) => dependency.condition),
  );
  if (wanted.service.task || conditions.includes("completed")) return "completed";
  if (wanted.service.ready !== undefined) return "ready";
  if (conditions.includes("healthy") || wanted.service.healthcheck?.kind === "probe") return "healthy";
  return "alive";
}
