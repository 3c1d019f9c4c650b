import type { Inputs } from "../plan/inputs.ts";
import type { Observed } from "../plan/observed.ts";
import type { Plan } from "../plan/plan.ts";
import { plainRequest } from "../plan/request.ts";
import type { WantedSlot } from "../plan/wanted.ts";
import type { Project } from "../project/model.ts";
import type { World } from "./world.ts";

/** Nothing of the disk, for plans that make no container and build no image. */
export const NO_INPUTS: Inputs = { images: {}, environments: {}, hostUser: "", salt: "" };

/** A plan that no reconciling has made, as a world that can be carried out. */
export function handMadeWorld(
  project: Project,
  of: { readonly plan: Plan; readonly observed: Observed; readonly slots: readonly WantedSlot[] },
): World {
  const { plan, observed, slots } = of;
  const reconciled = { plan, conflicts: [], images: new Map(), slots };
  return { project, request: plainRequest("dev"), inputs: NO_INPUTS, observed, reconciled };
}
