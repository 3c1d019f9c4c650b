import type { Project } from "../project/model.ts";
import type { Service } from "../project/service-model.ts";
import { sharedService } from "../project/namespaces.ts";
import { topologicalOrder } from "../std/graph.ts";
import type { Observed, ObservedContainer } from "./observed.ts";
import { slotTarget } from "./operation.ts";
import { joinedOwners, type Owner } from "./owner.ts";
import { type Action, actionId } from "./plan.ts";
import type { PlanBuilder } from "./plan-builder.ts";
import { slotOf } from "./slot-state.ts";

/** Keys of the services whose namespaces a service's containers share. */
export function ownersOf(service: Pick<Service, "networkMode" | "pid" | "ipc">): readonly string[] {
  const modes = [service.networkMode, service.pid, service.ipc];
  return [...new Set(modes.flatMap((mode) => sharedService(mode) ?? []))];
}

/** What a plan does with the container that lends its namespaces, the service's first; undefined when there is none. */
export function ownerIn(
  service: string,
  world: { readonly observed: Observed; readonly builder: PlanBuilder },
): Owner | undefined {
  const target = slotTarget({ service, number: 1 });
  const action = (kind: "container.create" | "container.replace" | "container.start"): Action | undefined =>
    world.builder.actions().find(({ id }) => id === actionId(kind, target));
  const created = action("container.create");
  if (created) return { kind: "new", action: created };
  const replaced = action("container.replace");
  if (replaced?.operation.kind === "container.replace") {
    const { id, successor } = replaced.operation;
    return { kind: "replaced", id, action: replaced, ...(successor === undefined ? {} : { successor }) };
  }
  const removed = new Set(
    world.builder.actions().flatMap(({ operation }) => (operation.kind === "container.remove" ? [operation.id] : [])),
  );
  const current = inSlot(world.observed.containers, target).find(({ id }) => !removed.has(id));
  if (!current) return undefined;
  const start = action("container.start");
  return { kind: "same", id: current.id, ...(start === undefined ? {} : { start: start.id }) };
}

/** Containers that run in namespaces of the one with this id: when it stops, they lose them. */
export function sharersOf(id: string, containers: readonly ObservedContainer[]): readonly ObservedContainer[] {
  return containers.filter(
    (container) => container.state === "running" && Object.values(joinedOwners(container)).includes(id),
  );
}

/** The services with all that share a namespace of one of them: what happens to those happens to these. */
export function withSharingServices(project: Project, services: readonly string[]): readonly string[] {
  const all = new Set(services);
  for (const key of all) {
    for (const service of Object.values(project.services)) if (ownersOf(service).includes(key)) all.add(service.key);
  }
  return [...all];
}

/** The services with those that share a namespace of one of them and run: they can't be left behind. What is depended on comes first. */
export function withSharers(project: Project, services: readonly string[], observed: Observed): readonly string[] {
  const running = new Set(
    observed.containers.flatMap((container) =>
      container.state === "running" ? (slotOf(container)?.service ?? []) : [],
    ),
  );
  const all = new Set(services);
  const sharers = Object.values(project.services).filter(({ key }) => running.has(key) && !all.has(key));
  for (let before = -1; before !== all.size;) {
    before = all.size;
    for (const service of sharers) if (ownersOf(service).some((owner) => all.has(owner))) all.add(service.key);
  }
  if (all.size === services.length) return services;
  return topologicalOrder(all, (key) =>
    (project.services[key]?.dependsOn ?? []).map(({ service }) => service).filter((service) => all.has(service)),
  );
}

function inSlot(containers: readonly ObservedContainer[], target: string): readonly ObservedContainer[] {
  return containers.filter((container) => {
    const slot = slotOf(container);
    return slot !== undefined && slotTarget(slot) === target;
  });
}
