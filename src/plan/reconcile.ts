import type { Project } from "../project/model.ts";
import { compareText } from "../std/digest.ts";
import { planSlot, removeContainer, type SlotSurroundings } from "./containers.ts";
import { engineConflicts } from "./engine-needs.ts";
import { planImages, planSupersededTags, type WantedImage } from "./images.ts";
import { imageIdOf } from "./input-digest.ts";
import type { Inputs } from "./inputs.ts";
import { leaveRemovedNetworks } from "./leave-networks.ts";
import { LABEL } from "./labels.ts";
import { planNetworks, planSpareNetworks, type WantedNetwork } from "./networks.ts";
import type { Observed, ObservedContainer } from "./observed.ts";
import { type Readiness, slotTarget } from "./operation.ts";
import type { Owner } from "./owner.ts";
import { type Action, type ActionId, actionId, type Plan } from "./plan.ts";
import { type Conflict, PlanBuilder } from "./plan-builder.ts";
import type { Reason } from "./reason.ts";
import type { PlanRequest } from "./request.ts";
import { isOwn, ownerOf, planVolumes } from "./resources.ts";
import { ownerIn, ownersOf, withSharers } from "./shared-namespaces.ts";
import { type SlotImage, slotOf } from "./slot-state.ts";
import { effectiveService } from "./mode.ts";
import { selectServices, type WantedSlot, wantedSlots } from "./wanted.ts";

/** A plan with what its execution needs to look up, which may hold secrets and is never printed. */
export interface Reconciled {
  readonly plan: Plan;
  /** When there are any, the plan must not be carried out. */
  readonly conflicts: readonly Conflict[];
  /** What the plan does not do and the reader may expect. */
  readonly notices?: readonly string[];
  readonly images: ReadonlyMap<string, WantedImage>;
  readonly slots: readonly WantedSlot[];
}

/** What lets the engine match the file, from what both sides are now. Pure: equal arguments give an equal plan, whatever the order of the engine's lists. */
export function reconcile(
  project: Project,
  world: { readonly inputs: Inputs; readonly observed: Observed },
  request: PlanRequest,
): Reconciled {
  const builder = new PlanBuilder();
  if (request.images !== undefined) {
    const images = planImages(project, world, { builder, request, images: request.images });
    planSupersededTags(project, { ...world, wanted: images }, builder);
    return { plan: builder.build(project.name), conflicts: builder.conflicts, images, slots: [] };
  }
  const asked = selectServices(project, request.services, request.noDeps);
  const services = withSharers(project, asked, world.observed);
  const slots = wantedSlots(project, world, { mode: request.mode, services });
  const images = planImages(project, world, { builder, request, images: usedImages(slots) });
  const pulls = planPulls(slots, { builder, request, observed: world.observed });
  const scope = { project, observed: world.observed, builder, request, services, slots, images, pulls };
  const networks = planServices(scope);
  if (request.removeOrphans) planOrphans(scope);
  leaveRemovedNetworks(world.observed, builder);
  const orphans = request.services === undefined && request.removeOrphans;
  planSpareNetworks(project, world.observed, { builder, wanted: networks, orphans });
  freePortsFirst(scope);
  planSupersededTags(project, { ...world, wanted: images }, builder);
  const { conflicts, notices } = builder;
  return { plan: builder.build(project.name), conflicts, notices, images, slots };
}

interface Scope {
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

function usedImages(slots: readonly WantedSlot[]): readonly string[] {
  const keys = slots.flatMap(({ service }) => (service.image.kind === "built" ? [service.image.key] : []));
  return [...new Set(keys)].sort(compareText);
}

/** Pulls of external images that are missing, or always where the service asks for it. */
function planPulls(
  slots: readonly WantedSlot[],
  to: { readonly builder: PlanBuilder; readonly request: PlanRequest; readonly observed: Observed },
): ReadonlyMap<string, ActionId> {
  const pulls = new Map<string, ActionId>();
  for (const { service } of slots) {
    if (service.image.kind !== "external" || pulls.has(service.image.ref)) continue;
    const { ref } = service.image;
    const there = imageIdOf(to.observed, ref) !== undefined;
    const always = to.request.pull || service.pull === "always";
    if (service.pull === "never" ? !there : !there || always) {
      if (service.pull === "never") {
        to.builder.conflicts.push({
          kind: "not-built",
          name: ref,
          message: `image ${ref} is not on the engine and service ${service.key} says "pull: never"`,
          hint: `pull it with "docker pull ${ref}", or remove "pull: never"`,
        });
        continue;
      }
      const platform = service.platform === undefined ? {} : { platform: service.platform };
      const reasons: readonly Reason[] = [{ code: there ? "forced" : "missing" }];
      pulls.set(ref, to.builder.add(`image:${ref}`, { kind: "image.pull", ref, ...platform }, { reasons }));
    }
  }
  return pulls;
}

/** Plans the services with their networks and volumes; the networks. */
function planServices(scope: Scope): ReadonlyMap<string, WantedNetwork> {
  const { project, observed, builder, services, slots } = scope;
  const attached = slots.flatMap(({ service }) => service.networks.map(({ network }) => network));
  const networks = planNetworks(project, observed, {
    builder,
    keys: [...new Set(attached)],
    stays: (container) => isLeftAlone(container, scope),
  });
  const mounted = slots.flatMap(({ service }) =>
    [...service.mounts, ...service.devMounts].flatMap((mount) => (mount.kind === "volume" ? [mount.volume] : [])),
  );
  const volumes = planVolumes(project, observed, { builder, keys: [...new Set(mounted)] });
  const inSlot = (target: string): readonly ObservedContainer[] =>
    observed.containers.filter((container) => {
      const slot = slotOf(container);
      return slot !== undefined && slotTarget(slot) === target;
    });
  refuseForeignNames(scope);
  builder.conflicts.push(...engineConflicts(slots, observed.engine));
  const ready = new Map<string, readonly ActionId[]>();
  for (const key of services) {
    const own = slots.filter(({ slot }) => slot.service === key);
    const actions = own.map((wanted) => {
      const image = slotImage(wanted, scope);
      const owners = planOwners(wanted, scope);
      const around: SlotSurroundings = {
        project,
        builder,
        needs: [
          ...needs(wanted, { image, networks, volumes, pulls: scope.pulls }),
          ...[...owners.values()].map((owner) => (owner.kind === "same" ? undefined : owner.action.id)),
        ],
        dependencies: wanted.service.dependsOn.flatMap((dependency) => ready.get(dependency.service) ?? []),
        restartWith: restartsWith(wanted, scope),
        containers: observed.containers,
      };
      const forced: readonly Reason[] =
        (scope.request.forceRecreate || scope.request.renewAnonVolumes) && isSelected(key, scope.request)
          ? [{ code: "forced" }]
          : [];
      const networksOfSlot = new Map(
        wanted.service.networks.flatMap(({ network }) => {
          const found = networks.get(network);
          return found ? [[network, found] as const] : [];
        }),
      );
      const until = readiness(wanted, scope.slots);
      const wish = { wanted, image, networks: networksOfSlot, owners, forced, until };
      return planSlot(inSlot(slotTarget(wanted.slot)), wish, around);
    });
    ready.set(
      key,
      actions.filter((action) => action !== undefined),
    );
  }
  return networks;
}

/** True for a container that this plan is not about: of a service that was not asked for. */
function isLeftAlone(container: ObservedContainer, scope: Scope): boolean {
  const slot = slotOf(container);
  const target = slot && slotTarget(slot);
  if (scope.slots.some((wanted) => slotTarget(wanted.slot) === target)) return false;
  return !scope.request.removeOrphans || !isOrphan(container, scope);
}

/** Whose namespaces a container joins. Their services come before its own, unless dependencies are left out. */
function planOwners(wanted: WantedSlot, { observed, builder }: Scope): ReadonlyMap<string, Owner> {
  const owners = new Map<string, Owner>();
  for (const service of ownersOf(wanted.service)) {
    const owner = ownerIn(service, { observed, builder });
    if (owner) owners.set(service, owner);
    else
      builder.conflicts.push({
        kind: "owner-missing",
        name: service,
        message: `service ${wanted.slot.service} shares a namespace with service ${service}, which has no container`,
        hint: `bring up ${service}, too`,
      });
  }
  return owners;
}

/** Replacements in the plan of dependencies that ask for a restart of their dependents. */
function restartsWith(wanted: WantedSlot, { builder }: Scope): readonly Action[] {
  const services = wanted.service.dependsOn
    .filter(({ restart }) => restart)
    .map(({ service }) => `service:${service}/`);
  return builder
    .actions()
    .filter(
      ({ operation, target }) =>
        operation.kind === "container.replace" && services.some((service) => target.startsWith(service)),
    );
}

function isSelected(service: string, request: PlanRequest): boolean {
  return request.services === undefined || request.services.includes(service);
}

function slotImage(wanted: WantedSlot, scope: Scope): SlotImage {
  const { image } = wanted.service;
  if (image.kind === "built") {
    const own = scope.images.get(image.key);
    if (!own) throw new Error(`image ${image.key} was not planned`);
    return { kind: "built", image: own };
  }
  const id = imageIdOf(scope.observed, image.ref);
  return { kind: "external", ref: image.ref, ...(id === undefined ? {} : { id }) };
}

function needs(
  wanted: WantedSlot,
  of: {
    readonly image: SlotImage;
    readonly networks: ReadonlyMap<string, WantedNetwork>;
    readonly volumes: ReadonlyMap<string, ActionId | undefined>;
    readonly pulls: ReadonlyMap<string, ActionId>;
  },
): readonly (ActionId | undefined)[] {
  const mounts = [...wanted.service.mounts, ...wanted.service.devMounts];
  return [
    of.image.kind === "built" ? of.image.image.build : of.pulls.get(of.image.ref),
    ...wanted.service.networks.map(({ network }) => of.networks.get(network)?.create),
    ...mounts.map((mount) => (mount.kind === "volume" ? of.volumes.get(mount.volume) : undefined)),
  ];
}

/** A task or a dependent's condition counts, then `ready`, then the service's own health check; else it has to stay alive. */
export function readiness(wanted: WantedSlot, slots: readonly WantedSlot[]): Readiness {
  const conditions = slots.flatMap(({ service }) =>
    service.dependsOn
      .filter((dependency) => dependency.service === wanted.slot.service)
      .map((dependency) => dependency.condition),
  );
  if (wanted.service.task || conditions.includes("completed")) return "completed";
  if (wanted.service.ready !== undefined) return "ready";
  if (conditions.includes("healthy") || wanted.service.healthcheck?.kind === "probe") return "healthy";
  return "alive";
}

function refuseForeignNames(scope: Scope): void {
  for (const { name, slot } of scope.slots) {
    const foreign = scope.observed.foreignContainers.find((container) => container.name === name);
    if (!foreign) continue;
    scope.builder.conflicts.push({
      kind: "foreign-container",
      name,
      message: `service ${slot.service} needs the container name "${name}", which belongs to ${ownerOf(foreign)}`,
      hint: `remove that container ("docker rm -f ${name}"), or set another "container_name:"`,
    });
  }
}

/**
 * Containers of the project that no slot wants: removed services, lower scale; and dev volumes that nothing mounts any
 * more. With services selected, only theirs.
 */
function planOrphans(scope: Scope): void {
  const gone = new Map<string, ActionId>();
  for (const container of scope.observed.containers.toSorted((a, b) => compareText(a.id, b.id))) {
    if (!isOrphan(container, scope)) continue;
    const slot = slotOf(container);
    const known = slot !== undefined && slot.service in scope.project.services;
    const reasons: readonly Reason[] = [{ code: known ? "scaled-down" : "orphan", path: container.name }];
    gone.set(
      container.id,
      removeContainer(container, { around: scope, slot: slot ?? { service: container.name, number: 1 }, reasons }),
    );
  }
  const removals = new Set(
    scope.builder.actions().flatMap(({ operation }) => (operation.kind === "volume.remove" ? [operation.name] : [])),
  );
  for (const volume of scope.observed.volumes.toSorted((a, b) => compareText(a.name, b.name))) {
    const path = volume.labels[LABEL.devTarget];
    if (path === undefined || !isOwn(scope.project, volume) || removals.has(volume.name)) continue;
    if (!isSelected(volume.labels[LABEL.service] ?? "", scope.request)) continue;
    const users = scope.observed.containers.filter((container) =>
      container.mounts.some((mount) => mount.source === volume.name),
    );
    if (users.some((container) => !gone.has(container.id))) continue;
    const target = `volume:${volume.labels[LABEL.service]}/${volume.labels[LABEL.number]}:${path}`;
    const removal = scope.builder.add(
      target,
      { kind: "volume.remove", name: volume.name },
      {
        reasons: [{ code: "orphan" }],
        after: users.map((container) => gone.get(container.id)),
        qualifier: volume.name,
      },
    );
    // One that nothing uses may be half filled: it goes before one of the same name is made.
    scope.builder.order(actionId("volume.create", target), removal);
  }
}

/** True for a container in a slot that the file does not have, within what was asked for. */
function isOrphan(container: ObservedContainer, { project, request }: Scope): boolean {
  const slot = slotOf(container);
  const service = slot && project.services[slot.service];
  const isWanted =
    slot !== undefined && service !== undefined && slot.number <= effectiveService(service, request.mode).scale;
  return !isWanted && isSelected(slot?.service ?? "", request);
}

/** A host port that a container gives up in this plan is taken over only afterwards. */
function freePortsFirst(scope: Scope): void {
  const { builder, observed } = scope;
  const holders = new Map<string, ObservedContainer>();
  for (const container of observed.containers) {
    for (const port of container.ports)
      if (port.hostPort !== undefined) holders.set(`${port.hostPort}/${port.protocol}`, container);
  }
  for (const wanted of scope.slots) {
    for (const port of wanted.service.ports) {
      const holder = holders.get(`${port.hostPort}/${port.protocol}`);
      const held = holder && slotOf(holder);
      if (!held || slotTarget(held) === slotTarget(wanted.slot)) continue;
      const target = slotTarget(wanted.slot);
      const takers = [actionId("container.start", target), actionId("container.replace", target)];
      for (const freed of builder.actions().filter((action) => frees(action, holder))) {
        for (const taker of takers) builder.order(taker, freed.id);
      }
    }
  }
}

function frees(action: Action, holder: ObservedContainer): boolean {
  const { operation } = action;
  return (operation.kind === "container.stop" || operation.kind === "container.replace") && operation.id === holder.id;
}
