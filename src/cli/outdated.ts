import { LABEL } from "../plan/labels.ts";
import type { Mode } from "../plan/mode.ts";
import type { ObservedContainer } from "../plan/observed.ts";
import { slotTarget } from "../plan/operation.ts";
import { plainRequest } from "../plan/request.ts";
import { slotOf } from "../plan/slot-state.ts";
import type { Project } from "../project/model.ts";
import type { Session } from "./session.ts";
import { survey } from "./world.ts";

/** Those of the containers that `up` would make anew or update, each judged in the mode that made it. */
export async function outdatedContainers(
  session: Session,
  project: Project,
  containers: readonly ObservedContainer[],
): Promise<readonly ObservedContainer[]> {
  const outdated = new Set<ObservedContainer>();
  for (const mode of ["dev", "plain"] as const) {
    const own = containers.filter((container) => modeOf(container) === mode);
    if (own.length === 0) continue;
    const { reconciled } = await survey(session, project, {
      ...plainRequest(mode),
      services: Object.keys(project.services),
    });
    const changed = new Set(
      reconciled.plan.actions.flatMap(({ operation, target }) =>
        /^container\.(?:replace|create|update)$/.test(operation.kind) ? [target] : [],
      ),
    );
    for (const container of own) {
      const slot = slotOf(container);
      if (slot && changed.has(slotTarget(slot))) outdated.add(container);
    }
  }
  return containers.filter((container) => outdated.has(container));
}

/** Whether a container was made with its service's `dev` section. */
export function modeOf(container: ObservedContainer): Mode {
  return container.labels[LABEL.mode] === "plain" ? "plain" : "dev";
}
