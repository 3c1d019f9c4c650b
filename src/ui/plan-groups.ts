import type { OperationKind } from "../plan/operation.ts";
import type { Action, Plan } from "../plan/plan.ts";
import type { Reason } from "../plan/reason.ts";
import type { Symbols } from "./style.ts";

/** What happens to a target, all of its actions taken together. */
export type Effect =
  | "build"
  | "pull"
  | "create"
  | "replace"
  | "update"
  | "restart"
  | "start"
  | "stop"
  | "remove"
  | "rename"
  | "connect"
  | "disconnect"
  | "tag"
  | "untag"
  | "wait";

/** The actions of one target, which people see as one thing. */
export interface TargetGroup {
  readonly target: string;
  readonly effect: Effect;
  /** In the plan's order. */
  readonly actions: readonly Action[];
  /** Each reason once; readiness that others wait for only where nothing else is said. */
  readonly reasons: readonly Reason[];
  readonly destroys: readonly string[];
  /** Key of the image whose build decides whether anything of this is done at all. */
  readonly onlyIf?: string;
}

/** What an operation does, which names it and which outweighs which: the first effect that a target has is its headline. */
const EFFECTS = {
  "image.build": "build",
  "image.pull": "pull",
  "container.replace": "replace",
  "container.create": "create",
  "network.create": "create",
  "volume.create": "create",
  "container.remove": "remove",
  "network.remove": "remove",
  "volume.remove": "remove",
  "container.restart": "restart",
  "container.start": "start",
  "container.stop": "stop",
  "container.update": "update",
  "container.rename": "rename",
  "network.connect": "connect",
  "network.disconnect": "disconnect",
  "image.tag": "tag",
  "image.remove": "untag",
  "container.wait": "wait",
} as const satisfies Record<OperationKind, Effect>;

/** Which effect names a target that has several, strongest first. */
const WEIGHT: readonly Effect[] = [
  "build",
  "pull",
  "replace",
  "create",
  "remove",
  "restart",
  "start",
  "stop",
  "update",
  "rename",
  "connect",
  "disconnect",
  "tag",
  "untag",
  "wait",
];

/** The sign of an effect, as a name among the symbols. */
export const EFFECT_SYMBOL = {
  build: "build",
  pull: "pull",
  create: "create",
  replace: "change",
  update: "change",
  rename: "change",
  restart: "restart",
  start: "start",
  stop: "stop",
  remove: "remove",
  connect: "create",
  disconnect: "remove",
  tag: "create",
  untag: "remove",
  wait: "wait",
} as const satisfies Record<Effect, keyof Symbols>;

/** Kinds of targets in the order that people think of them. */
const KINDS = ["image", "network", "volume", "service"];

/** The plan's actions by target: images first, services last, else in the plan's order. What goes comes last, the other way round. */
export function groupPlan(plan: Plan): readonly TargetGroup[] {
  const byTarget = new Map<string, Action[]>();
  for (const action of plan.actions) {
    const actions = byTarget.get(action.target);
    if (actions) actions.push(action);
    else byTarget.set(action.target, [action]);
  }
  const rank = ({ target, effect }: TargetGroup): number => {
    const place = KINDS.indexOf(kindOf(target));
    return effect === "remove" || effect === "untag" ? 2 * KINDS.length - place : place;
  };
  return [...byTarget].map(([target, actions]) => groupOf(target, actions)).sort((a, b) => rank(a) - rank(b));
}

/** `image`, `service`, … of a target. */
export function kindOf(target: string): string {
  return target.slice(0, target.indexOf(":"));
}

/** What an action does by itself. */
function effectOf(action: Action): Effect {
  return EFFECTS[action.operation.kind];
}

function groupOf(target: string, actions: readonly Action[]): TargetGroup {
  const effects = new Set(actions.map(effectOf));
  const condition = actions.find((action) => action.onlyIfImageIsNot)?.onlyIfImageIsNot;
  const conditional = actions.every((action) => action.onlyIfImageIsNot);
  return {
    target,
    effect: headline(effects),
    actions,
    reasons: distinctReasons(actions),
    destroys: [...new Set(actions.flatMap((action) => action.destroys ?? []))],
    ...(condition && conditional ? { onlyIf: condition.image } : {}),
  };
}

function headline(effects: ReadonlySet<Effect>): Effect {
  if (effects.has("create") && effects.has("remove")) return "replace";
  return WEIGHT.find((effect) => effects.has(effect)) ?? "wait";
}

/** What is cleaned up beside the main thing is no reason for it. */
function distinctReasons(actions: readonly Action[]): readonly Reason[] {
  const reasons = new Map(
    actions.flatMap((action) => action.reasons).map((reason) => [JSON.stringify(reason), reason] as const),
  );
  const all = [...reasons.values()];
  const telling = all.filter(({ code }) => code !== "dependency" && code !== "superseded");
  const superseded = all.filter(({ code }) => code === "superseded");
  return telling.length > 0 ? telling : superseded.length > 0 ? superseded.slice(0, 1) : all;
}
