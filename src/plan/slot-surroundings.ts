import type { Project } from "../project/model.ts";
import type { ObservedContainer } from "./observed.ts";
import type { PlanBuilder } from "./plan-builder.ts";
import type { Action, ActionId } from "./plan.ts";

/** What a slot's planning needs to know of everything around it. */
export interface SlotSurroundings {
  readonly project: Project;
  readonly builder: PlanBuilder;
  /** Image, networks and volumes that have to be there before the container is created. */
  readonly needs: readonly (ActionId | undefined)[];
  /** Readiness of what the service depends on: before it is started. */
  readonly dependencies: readonly ActionId[];
  /** Replacements of dependencies with `restart: true`: when one is carried out, this service restarts. */
  readonly restartWith: readonly Action[];
  /** All own containers. */
  readonly containers: readonly ObservedContainer[];
}
