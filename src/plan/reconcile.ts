import type { Project } from "../project/model.ts";
import { compareText } from "../std/digest.ts";
import { type WantedImage, planImages, planSupersededTags } from "./images.ts";
import type { Inputs } from "./inputs.ts";
import { leaveRemovedNetworks } from "./leave-networks.ts";
import { planSpareNetworks } from "./networks.ts";
import type { Observed } from "./observed.ts";
import { type Conflict, PlanBuilder } from "./plan-builder.ts";
import { planOrphans } from "./plan-orphans.ts";
import { planPulls } from "./plan-pulls.ts";
import { planServices } from "./plan-services.ts";
import type { Plan } from "./plan.ts";
import { freePortsFirst } from "./ports-first.ts";
import type { PlanRequest } from "./request.ts";
import { withSharers } from "./shared-namespaces.ts";
import { type WantedSlot, selectServices, wantedSlots } from "./wanted.ts";

/** A plan with what its execution needs to look up, which may hold secrets and is never printed. */
export interface Reconciled {
  readonly plan: Plan;
  /** When there are any, the plan must not be carried out. */
  readonly conflicts: readonly Conflict[];
  /** What the plan does not do and the reader may expect. */
  readonly notices?: readonly string[];
  readonly images: ReadonlyMap<string, WantedImage>;
  readonly slots: readonly WantedSlot[];
}

/** What both sides are. */
export interface ReconciledFrom {
  readonly inputs: Inputs;
  readonly observed: Observed;
  /** What `wantedSlots` gave for these services before the engine was looked at more closely; worked out where it is not given. */
  readonly slots?: readonly WantedSlot[];
}

/** What lets the engine match the file, from what both sides are now. Pure: equal arguments give an equal plan, whatever the order of the engine's lists. */
export function reconcile(project: Project, world: ReconciledFrom, request: PlanRequest): Reconciled {
  const builder = new PlanBuilder();
  if (request.images !== undefined) {
    const images = planImages(project, world, { builder, request, images: request.images });
    planSupersededTags(project, { ...world, wanted: images }, builder);
    return { plan: builder.build(project.name), conflicts: builder.conflicts, images, slots: [] };
  }
  const asked = selectServices(project, request.services, request.noDeps);
  const services = withSharers(project, asked, world.observed);
  const slots = world.slots ?? wantedSlots(project, world, { mode: request.mode, services });
  const images = planImages(project, world, { builder, request, images: usedImages(slots) });
  const pulls = planPulls(slots, { builder, request, observed: world.observed });
  const scope = { project, observed: world.observed, builder, request, services, slots, images, pulls };
  const networks = planServices(scope);
  if (request.removeOrphans) planOrphans(scope);
  leaveRemovedNetworks(world.observed, builder);
  const orphans = request.services === undefined && request.removeOrphans;
  planSpareNetworks(project, world.observed, { builder, wanted: networks, orphans });
  planSupersededTags(project, { ...world, wanted: images }, builder);
  freePortsFirst(scope);
  const { conflicts, notices } = builder;
  return { plan: builder.build(project.name), conflicts, notices, images, slots };
}

function usedImages(slots: readonly WantedSlot[]): readonly string[] {
  const keys = slots.flatMap(({ service }) => (service.image.kind === "built" ? [service.image.key] : []));
  return [...new Set(keys)].sort(compareText);
}
