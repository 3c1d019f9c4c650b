import type { Event } from "../event.ts";
import type { Action, ActionId, Plan } from "../plan/plan.ts";
import { type Deferred, deferred } from "../std/deferred.ts";
import { unreachable } from "../std/unreachable.ts";
import { BuildProgress } from "./build-progress.ts";
import { operationWords } from "./operation-words.ts";
import { groupPlan, type TargetGroup } from "./plan-groups.ts";

/** Where a target stands, all of its actions taken together. */
export type TargetState = "waiting" | "running" | "done" | "failed" | "skipped" | "unneeded";

type ActionState = "waiting" | "running" | "done" | "failed" | "skipped" | "unneeded";

/** Events that tell of one action. */
export type ActionEvent = Extract<Event, { readonly id: string }>;

/** What is known of one target while its plan is carried out. Times are those of the clock that the caller reads. */
export class TargetProgress {
  readonly group: TargetGroup;
  readonly build = new BuildProgress();
  readonly #states: Map<ActionId, ActionState>;
  readonly #end: Deferred<void> = deferred();
  #startedAt: number | undefined;
  #endedAt: number | undefined;
  #remark: string | undefined;

  constructor(group: TargetGroup) {
    this.group = group;
    this.#states = new Map(group.actions.map(({ id }) => [id, "waiting"]));
  }

  /** Resolves when each action has ended in one way or another. */
  get ended(): Promise<void> {
    return this.#end.promise;
  }

  get state(): TargetState {
    const states = [...this.#states.values()];
    if (states.includes("failed")) return "failed";
    if (states.includes("running")) return "running";
    if (states.includes("waiting")) return states.every((state) => state === "waiting") ? "waiting" : "running";
    if (states.includes("skipped")) return "skipped";
    return states.includes("done") ? "done" : "unneeded";
  }

  /** What was last remarked: why it was not done, what went wrong, what came out. */
  get remark(): string | undefined {
    return this.#remark;
  }

  /** Milliseconds that it has taken so far or took; undefined before its start. */
  elapsed(now: number): number | undefined {
    return this.#startedAt === undefined ? undefined : (this.#endedAt ?? now) - this.#startedAt;
  }

  /** The action that runs now. */
  get current(): Action | undefined {
    return this.group.actions.findLast(({ id }) => this.#states.get(id) === "running");
  }

  /** How its readiness turned out, where more than being alive was waited for. */
  get readiness(): string | undefined {
    const wait = this.group.actions.find(({ operation }) => operation.kind === "container.wait");
    if (!wait || this.group.actions.length === 1 || this.#states.get(wait.id) !== "done") return undefined;
    const { done, slow } = operationWords(wait.operation);
    return slow ? done : undefined;
  }

  take(event: ActionEvent, now: number): void {
    if (!this.#states.has(event.id)) return;
    switch (event.type) {
      case "action-started":
        this.#startedAt ??= now;
        this.#states.set(event.id, "running");
        break;
      case "action-done":
        this.#settle(event.id, "done", event.note);
        break;
      case "action-unneeded":
        this.#settle(event.id, "unneeded", event.note);
        break;
      case "action-failed":
        this.#settle(event.id, "failed", event.error.message);
        break;
      case "action-skipped":
        // What failed says more than what was left out after it.
        this.#settle(event.id, "skipped", this.state === "failed" ? undefined : event.because);
        break;
      default:
        unreachable(event);
    }
    if (this.isEnded) {
      this.#endedAt ??= now;
      this.#end.resolve();
    }
  }

  #settle(id: ActionId, state: ActionState, remark: string | undefined): void {
    this.#states.set(id, state);
    if (remark !== undefined) this.#remark = remark;
  }

  /** True when each action has ended in one way or another. */
  get isEnded(): boolean {
    return [...this.#states.values()].every((state) => state !== "waiting" && state !== "running");
  }

  /** Ends what has not ended: nobody will tell of it any more. */
  abandon(now: number): void {
    for (const [id, state] of this.#states) {
      if (state === "waiting" || state === "running")
        this.take({ type: "action-skipped", id, because: "interrupted" }, now);
    }
  }
}

/** A plan's targets while it is carried out, in the order that they are shown. */
export class PlanProgress {
  readonly targets: readonly TargetProgress[];
  readonly #byAction = new Map<ActionId, TargetProgress>();
  readonly #byImage = new Map<string, TargetProgress>();
  readonly #byRef = new Map<string, TargetProgress>();

  constructor(plan: Plan) {
    this.targets = groupPlan(plan).map((group) => new TargetProgress(group));
    for (const target of this.targets) {
      for (const { id, operation } of target.group.actions) {
        this.#byAction.set(id, target);
        if (operation.kind === "image.build") this.#byImage.set(operation.image, target);
        if (operation.kind === "image.pull") this.#byRef.set(operation.ref, target);
      }
    }
  }

  /** True when every target has ended. */
  get isEnded(): boolean {
    return this.targets.every((target) => target.isEnded);
  }

  /** True when the event tells of an action of this plan. */
  has(id: ActionId): boolean {
    return this.#byAction.has(id);
  }

  /** Takes what tells of this plan's actions and builds; all else is ignored. */
  take(event: Event, now: number): void {
    if ("id" in event) this.#byAction.get(event.id)?.take(event, now);
    else if (event.type === "pull-progress") this.#byRef.get(event.ref)?.build.transfer(event.what);
    else if (event.type === "build-step" || event.type === "build-log" || event.type === "build-progress") {
      this.#byImage.get(event.image)?.build.take(event, now);
    }
  }

  abandon(now: number): void {
    for (const target of this.targets) target.abandon(now);
  }
}
