import { withProjectLock } from "../execute/lock.ts";
import { type LifecycleRequest, lifecyclePlan } from "../plan/lifecycle.ts";
import type { Mode } from "../plan/mode.ts";
import type { Observed, ObservedContainer } from "../plan/observed.ts";
import { slotOf } from "../plan/slot-state.ts";
import { type WantedSlot, wantedSlots } from "../plan/wanted.ts";
import type { Project } from "../project/model.ts";
import { carryOut, type ConvergeOptions, projectLock } from "./converge.ts";
import { handMadeWorld, NO_INPUTS } from "./hand-made-plan.ts";
import { NO_NAMES, observeOwn } from "./observe-own.ts";
import { modeOf } from "./outdated.ts";
import type { Session } from "./session.ts";

/** Starts, stops or restarts containers as they are, as the project's only writer; rejects with the first failure. */
export async function changeLifecycle(
  session: Session,
  of: { readonly project: Project; readonly request: LifecycleRequest },
  options: ConvergeOptions,
): Promise<void> {
  const { project, request } = of;
  await withProjectLock(await projectLock(session, project), session.signal, async () => {
    const observed = await observeOwn(session, project, NO_NAMES);
    const slots = slotsOf(project, observed);
    const plan = lifecyclePlan(project, { containers: observed.containers, slots }, request);
    if (plan.actions.length === 0) {
      session.renderer().emit({ type: "notice", message: NOTHING[request.verb] });
      return;
    }
    session.renderer().emit({ type: "plan", plan });
    await carryOut(session, handMadeWorld(project, { plan, observed, slots }), options);
  });
}

const NOTHING = {
  start: "everything runs already",
  stop: "nothing is running",
  restart: "there is nothing to restart",
} as const satisfies Record<LifecycleRequest["verb"], string>;

/** The wish for every container of a service that is there, also for more of them than the file wants. */
function slotsOf(project: Project, observed: Observed): readonly WantedSlot[] {
  return Object.values(project.services).flatMap((service) => {
    const own = observed.containers.filter((container) => slotOf(container)?.service === service.key);
    const one: Project = { ...project, services: { ...project.services, [service.key]: { ...service, scale: 1 } } };
    const request = { mode: modeOfAll(own), services: [service.key] };
    const [wanted] = wantedSlots(one, { inputs: NO_INPUTS, observed }, request);
    const numbers = new Set(own.flatMap((container) => slotOf(container)?.number ?? []));
    return wanted ? [...numbers].map((number) => ({ ...wanted, slot: { service: service.key, number } })) : [];
  });
}

function modeOfAll(containers: readonly ObservedContainer[]): Mode {
  return containers.length > 0 && containers.every((container) => modeOf(container) === "plain") ? "plain" : "dev";
}
