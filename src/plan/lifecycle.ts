import type { Project } from "../project/model.ts";
import { compareText } from "../std/digest.ts";
import { topologicalOrder } from "../std/graph.ts";
import type { ObservedContainer } from "./observed.ts";
import { slotTarget } from "./operation.ts";
import type { ActionId, Plan } from "./plan.ts";
import { PlanBuilder } from "./plan-builder.ts";
import type { Reason } from "./reason.ts";
import { awaitedConditions, readiness } from "./readiness.ts";
import { slotOf } from "./slot-state.ts";
import { stopSeconds } from "./teardown.ts";
import type { WantedSlot } from "./wanted.ts";

/** What is to happen to containers as they are; none is made, replaced or removed. */
export interface LifecycleRequest {
  readonly verb: "start" | "stop" | "restart";
  /** Services whose containers are meant; undefined: all of the project's, also of services that the file has no more. */
  readonly services?: readonly string[];
  /** Those of the services that were named: a task among them runs again. */
  readonly named: readonly string[];
  /** Seconds until a container that does not stop is killed; undefined: as its service says. */
  readonly seconds?: number;
}

/** The containers that the plan is about and the wishes of their services. */
export interface LifecycleWorld {
  readonly containers: readonly ObservedContainer[];
  readonly slots: readonly WantedSlot[];
}

const ASKED: readonly Reason[] = [{ code: "forced" }];

/** Plans starts and restarts from what is depended on upwards, each until its service is ready, and stops the other way round. */
export function lifecyclePlan(project: Project, world: LifecycleWorld, request: LifecycleRequest): Plan {
  const builder = new PlanBuilder();
  const { services } = request;
  const chosen = servingContainers(world.containers).filter(
    (container) => services === undefined || services.includes(slotOf(container)?.service ?? ""),
  );
  if (request.verb === "stop") planStops(project, { builder, containers: chosen, seconds: request.seconds });
  else planRuns(project, { ...world, containers: chosen }, { builder, request });
  return builder.build(project.name);
}

/** One container of each slot, in the order of their names: of several the one that serves, or that has served last. */
export function servingContainers(containers: readonly ObservedContainer[]): readonly ObservedContainer[] {
  const bySlot = new Map<string, ObservedContainer>();
  const ranked = containers.toSorted(
    (a, b) =>
      Number(isUp(b)) - Number(isUp(a)) ||
      // A replacement that was cut short has the longer name and has never served.
      a.name.length - b.name.length ||
      b.created - a.created,
  );
  for (const container of ranked) {
    const slot = slotOf(container);
    if (slot && !bySlot.has(slotTarget(slot))) bySlot.set(slotTarget(slot), container);
  }
  return [...bySlot.values()].sort(
    (a, b) =>
      compareText(slotOf(a)?.service ?? "", slotOf(b)?.service ?? "") ||
      (slotOf(a)?.number ?? 0) - (slotOf(b)?.number ?? 0),
  );
}

/** Whether the container has a process, or will have one again by itself. */
export function isUp(container: ObservedContainer): boolean {
  return container.state === "running" || container.state === "paused" || container.state === "restarting";
}

/** Dependents first: nothing loses what it needs while it runs. */
function planStops(
  project: Project,
  of: {
    readonly builder: PlanBuilder;
    readonly containers: readonly ObservedContainer[];
    readonly seconds: number | undefined;
  },
): void {
  const stopped = new Map<string, ActionId[]>();
  for (const key of dependencyOrder(project, of.containers).toReversed()) {
    const dependents = Object.values(project.services).filter(({ dependsOn }) =>
      dependsOn.some(({ service }) => service === key),
    );
    const after = dependents.flatMap((dependent) => stopped.get(dependent.key) ?? []);
    const service = project.services[key];
    const timeoutSeconds = of.seconds ?? (service ? stopSeconds(service) : 10);
    for (const container of of.containers) {
      const slot = slotOf(container);
      if (slot?.service !== key) continue;
      const target = slotTarget(slot);
      const { id, name } = container;
      if (!isUp(container)) {
        of.builder.unchanged(target);
        continue;
      }
      const action = of.builder.add(
        target,
        { kind: "container.stop", id, name, timeoutSeconds },
        { reasons: ASKED, after, qualifier: id.slice(0, 12) },
      );
      stopped.set(key, [...(stopped.get(key) ?? []), action]);
    }
  }
}

function planRuns(
  project: Project,
  world: LifecycleWorld,
  to: { readonly builder: PlanBuilder; readonly request: LifecycleRequest },
): void {
  const ready = new Map<string, ActionId[]>();
  for (const key of dependencyOrder(project, world.containers)) {
    const after = (project.services[key]?.dependsOn ?? []).flatMap(({ service }) => ready.get(service) ?? []);
    for (const container of world.containers) {
      const slot = slotOf(container);
      const wanted = slot && world.slots.find((candidate) => slotTarget(candidate.slot) === slotTarget(slot));
      if (slot?.service !== key || !wanted) continue;
      const action = planRun(container, { ...to, wanted, slots: world.slots, after });
      if (action !== undefined) ready.set(key, [...(ready.get(key) ?? []), action]);
    }
  }
}

/** The action after which the container is ready; undefined when it is. */
function planRun(
  container: ObservedContainer,
  of: {
    readonly builder: PlanBuilder;
    readonly request: LifecycleRequest;
    readonly wanted: WantedSlot;
    readonly slots: readonly WantedSlot[];
    readonly after: readonly ActionId[];
  },
): ActionId | undefined {
  const { builder, request, wanted, after } = of;
  const { id } = container;
  const { slot } = wanted;
  const target = slotTarget(slot);
  const until = readiness(wanted, awaitedConditions(of.slots));
  const wait = (reasons: readonly Reason[], begun: readonly ActionId[]): ActionId =>
    builder.add(target, { kind: "container.wait", slot, id, until }, { reasons, after: begun });
  if (request.verb === "restart") {
    const timeoutSeconds = request.seconds ?? stopSeconds(wanted.service);
    const restarted = builder.add(
      target,
      { kind: "container.restart", slot, id, timeoutSeconds },
      { reasons: ASKED, after },
    );
    return wait(ASKED, [restarted]);
  }
  const done = until === "completed" && container.state === "exited" && container.exitCode === 0;
  if (!done || request.named.includes(slot.service)) {
    if (container.state === "running" && until === "healthy" && container.health !== "healthy") {
      return wait([{ code: "dependency" }], after);
    }
    if (container.state !== "running" && container.state !== "restarting") {
      const reasons: readonly Reason[] = [{ code: "not-running", before: container.state }];
      return wait(reasons, [builder.add(target, { kind: "container.start", slot, id }, { reasons, after })]);
    }
  }
  builder.unchanged(target);
  return undefined;
}

/** The containers' services, what is depended on first; one that the file has no more depends on nothing. */
function dependencyOrder(project: Project, containers: readonly ObservedContainer[]): readonly string[] {
  const keys = new Set(containers.flatMap((container) => slotOf(container)?.service ?? []));
  const order = topologicalOrder([...keys].sort(compareText), (key) =>
    (project.services[key]?.dependsOn ?? []).map(({ service }) => service),
  );
  return order.filter((key) => keys.has(key));
}
