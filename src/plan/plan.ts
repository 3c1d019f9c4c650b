import type { Operation } from "./operation.ts";
import type { Reason } from "./reason.ts";

/** Stable within one plan: the operation's kind and target, `container.create service:web/1`. */
export type ActionId = string;

/** One node of a plan. */
export interface Action {
  readonly id: ActionId;
  /** `image:<key>`, `service:<key>/<n>`, `network:<key>`, `volume:<key>`, `volume:<service>/<n>:<path>`. */
  readonly target: string;
  readonly operation: Operation;
  /** Actions that must have succeeded before this one starts. */
  readonly after: readonly ActionId[];
  /** Never empty. */
  readonly reasons: readonly Reason[];
  /** What is lost for good when this is carried out, in words. */
  readonly destroys?: string;
  /**
   * Carried out only if the image that this plan builds turns out to have another id than the one named:
   * a rebuild with an identical result leaves its containers alone.
   */
  readonly onlyIfImageIsNot?: { readonly image: string; readonly id: string };
}

/** What has to be done, in an order that respects `after`. Plain data without any secret: it can be printed, saved and compared. */
export interface Plan {
  readonly format: "dock.plan/1";
  readonly project: string;
  readonly actions: readonly Action[];
  /** Targets that are as the file wants them. */
  readonly unchanged: readonly string[];
}

/** The action's id from its operation and target. */
export function actionId(kind: Operation["kind"], target: string): ActionId {
  return `${kind} ${target}`;
}
