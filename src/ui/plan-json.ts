import type { Plan } from "../plan/plan.ts";
import type { Reason } from "../plan/reason.ts";

/** A plan as scripts get it (spec §6). Fields may be added; the format's number changes when one changes its meaning. */
export interface PlanJson {
  readonly format: "dock.plan/1";
  readonly project: string;
  readonly actions: readonly {
    readonly id: string;
    readonly kind: string;
    readonly target: string;
    readonly after: readonly string[];
    readonly reasons: readonly Reason[];
    readonly destroys?: string;
    readonly onlyIfImageIsNot?: { readonly image: string; readonly id: string };
  }[];
  readonly unchanged: readonly string[];
}

/** The plan's public form: what is done to what, in which order and why, without the operations' arguments. */
export function planJson(plan: Plan): PlanJson {
  return {
    format: plan.format,
    project: plan.project,
    actions: plan.actions.map(({ id, operation, target, after, reasons, destroys, onlyIfImageIsNot }) => ({
      id,
      kind: operation.kind,
      target,
      after,
      reasons,
      ...(destroys === undefined ? {} : { destroys }),
      ...(onlyIfImageIsNot === undefined ? {} : { onlyIfImageIsNot }),
    })),
    unchanged: plan.unchanged,
  };
}
