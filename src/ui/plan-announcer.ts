import type { Plan } from "../plan/plan.ts";
import { formatPlan } from "./plan-view.ts";
import type { Style } from "./style.ts";

/**
 * Decides which plans of one run are worth showing: every one with work, and the first even when there is nothing to
 * do. So a plan made again to see that all is done says nothing.
 */
export class PlanAnnouncer {
  #announced = false;

  /** The plan's text, or undefined when it is no news. */
  announce(plan: Plan, style: Style): string | undefined {
    const news = plan.actions.length > 0 || !this.#announced;
    this.#announced = true;
    return news ? formatPlan(plan, style) : undefined;
  }
}
