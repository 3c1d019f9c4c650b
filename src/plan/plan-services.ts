import { groupBy } from "../std/group-by.ts";
import { imageIdOf } from "./input-digest.ts";
import { engineConflicts } from "./engine-needs.ts";
import { type WantedNetwork, planNetworks } from "./networks.ts";
import type { ObservedContainer } from "./observed.ts";
import { slotTarget } from "./operation.ts";
import type { Owner } from "./owner.ts";
import { externalImages } from "./plan-pulls.ts";
import { planSlot } from "./plan-slot.ts";
import type { Action, ActionId } from "./plan.ts";
import { awaitedConditions, readiness } from "./readiness.ts";
import type { Reason } from "./reason.ts";
import { type Scope, isOrphan, isSelected } from "./reconcile-scope.ts";
import { ownerOf, planVolumes } from "./resources.ts";
import { ownerIn, ownersOf } from "./shared-namespaces.ts";
import { type SlotImage, slotOf } from "./slot-state.ts";
import type { SlotSurroundings } from "./slot-surroundings.ts";
import type { WantedSlot } from "./wanted.ts";

/** Plans the services with their networks and volumes; the networks. */
export function planServices(scope: Scope): ReadonlyMap<string, WantedNetwork> {
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
  const inSlot = groupBy(observed.containers, (container) => {
    const slot = slotOf(container);
    return slot && slotTarget(slot);
  });
  const ofService = groupBy(slots, ({ slot }) => slot.service);
  const awaited = awaitedConditions(slots);
  refuseForeignNames(scope);
  builder.conflicts.push(...engineConflicts(slots, observed.engine));
  const ready = new Map<string, readonly ActionId[]>();
  for (const key of services) {
    const actions = (ofService.get(key) ?? []).map((wanted) => {
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
      const until = readiness(wanted, awaited);
      const renewsVolumes = scope.request.renewAnonVolumes && isSelected(key, scope.request);
      const wish = { wanted, image, networks: networksOfSlot, owners, forced, renewsVolumes, until };
      return planSlot(inSlot.get(slotTarget(wanted.slot)) ?? [], wish, around);
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
  if (services.length === 0) return [];
  return builder
    .actions()
    .filter(
      ({ operation, target }) =>
        operation.kind === "container.replace" && services.some((service) => target.startsWith(service)),
    );
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
    of.image.kind === "built" ? of.image.image.build : undefined,
    ...externalImages(wanted.service).map((ref) => of.pulls.get(ref)),
    ...wanted.service.networks.map(({ network }) => of.networks.get(network)?.create),
    ...mounts.map((mount) => (mount.kind === "volume" ? of.volumes.get(mount.volume) : undefined)),
  ];
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
