import type { Project } from "../project/model.ts";
import type { WantedImage } from "./images.ts";
import { effectiveService } from "./mode.ts";
import type { Observed, ObservedContainer } from "./observed.ts";
import type { PlanBuilder } from "./plan-builder.ts";
import type { ActionId } from "./plan.ts";
import type { PlanRequest } from "./request.ts";
import { slotOf } from "./slot-state.ts";
import type { WantedSlot } from "./wanted.ts";

/** What one reconciling is about: all its parts see the same. */
export interface Scope {
  readonly project: Project;
  readonly observed: Observed;
  readonly builder: PlanBuilder;
  readonly request: PlanRequest;
  /** Dependencies first. */
  readonly services: readonly string[];
  readonly slots: readonly WantedSlot[];
  readonly images: ReadonlyMap<string, WantedImage>;
  readonly pulls: ReadonlyMap<string, ActionId>;
}

/** True for a service that was asked for by name, or when none was. */
export function isSelected(service: string, request: PlanRequest): boolean {
  return request.services === undefined || request.services.includes(service);
}

/** True for a container in a slot that the file does not have, within what was asked for. */
export function isOrphan(container: ObservedContainer, { project, request }: Scope): boolean {
  const slot = slotOf(container);
  const service = slot && project.services[slot.service];
  const isWanted =
    slot !== undefined && service !== undefined && slot.number <= effectiveService(service, request.mode).scale;
  return !isWanted && isSelected(slot?.service ?? "", request);
}
