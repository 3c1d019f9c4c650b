import type { Execution } from "../execute/execution.ts";
import { LABEL } from "../plan/labels.ts";
import type { PlanRequest } from "../plan/request.ts";
import type { Project } from "../project/model.ts";
import { syncRules } from "../project/sync-rules.ts";
import type { Session } from "./session.ts";
import type { World } from "./world.ts";

/** What sync rules ask of a run. */
export interface SyncInRuns extends AsyncDisposable {
  /** For a container before its start. */
  readonly fill: NonNullable<Execution["fill"]>;
  /** For the containers that run: edits and deletions that were made while nobody watched. Says what it did. */
  readonly catchUp: (world: World) => Promise<void>;
}

/** What a run has to do for sync rules; undefined where there are none: most runs start sooner without what does it. */
export async function openSync(
  session: Session,
  of: { readonly project: Project; readonly request: PlanRequest },
): Promise<SyncInRuns | undefined> {
  const { project, request } = of;
  if (request.mode !== "dev" || !Object.values(project.services).some((service) => syncRules(service).length > 0))
    return undefined;
  const { servicesWithSync, SyncedServices } = await import("./synced-services.ts");
  const services = new Set(servicesWithSync(project, request));
  const synced = new SyncedServices(project, session.engine());
  return {
    fill: async (service, id, signal) => {
      if (services.has(service)) await synced.fill(service, { id, running: false }, signal);
    },
    catchUp: async ({ observed }) => {
      for (const { id, state, labels } of observed.containers) {
        const service = labels[LABEL.service];
        if (service === undefined || !services.has(service) || state !== "running") continue;
        const count = await synced.fill(service, { id, running: true }, session.signal);
        if (count === 0) continue;
        const message = `synced ${count} ${count === 1 ? "path" : "paths"} to ${service}`;
        session.renderer().emit({ type: "notice", message });
      }
    },
    [Symbol.asyncDispose]: async () => synced[Symbol.dispose](),
  };
}
