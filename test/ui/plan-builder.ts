import type { Operation } from "../../src/plan/operation.ts";
import { type Action, actionId, type Plan } from "../../src/plan/plan.ts";

/** An action on a target with a reason, for tests of what is shown of it. */
export function action(target: string, operation: Operation, more: Partial<Action> = {}): Action {
  return {
    id: actionId(operation.kind, target),
    target,
    operation,
    after: [],
    reasons: [{ code: "missing" }],
    ...more,
  };
}

/** A plan of these actions. */
export function planOf(actions: readonly Action[], unchanged: readonly string[] = []): Plan {
  return { format: "dock.plan/1", project: "shop", actions, unchanged };
}

/** The build of an image under its key. */
export function build(image: string, more: Partial<Action> = {}): Action {
  return action(
    `image:${image}`,
    { kind: "image.build", image, inputTags: [`shop-${image}:in-1`], tags: [], noCache: false, pull: false },
    more,
  );
}

/** Creation, start and readiness of a service's first container. */
export function creation(service: string, until: "alive" | "healthy" | "completed" = "alive"): readonly Action[] {
  const slot = { service, number: 1 };
  const target = `service:${service}/1`;
  return [
    action(target, { kind: "container.create", slot, name: `shop-${service}-1` }),
    action(target, { kind: "container.start", slot }),
    action(target, { kind: "container.wait", slot, until }, { reasons: [{ code: "dependency" }] }),
  ];
}
