import { compareText } from "../std/digest.ts";
import { chosenPorts } from "./chosen-ports.ts";
import type { WantedImage } from "./images.ts";
import { LABEL } from "./labels.ts";
import type { ObservedContainer } from "./observed.ts";
import type { Readiness, SlotRef } from "./operation.ts";
import { following, type Owner } from "./owner.ts";
import type { Reason } from "./reason.ts";
import { specDifference } from "./spec-difference.ts";
import type { WantedNetwork } from "./networks.ts";
import type { WantedSlot } from "./wanted.ts";

/** What a slot's containers are to become. */
export interface SlotState {
  /** The container that is continued as it is, or replaced; undefined when there is none. */
  readonly current?: ObservedContainer;
  /** Others of the slot: an interrupted run's, or duplicates. */
  readonly leftovers: readonly ObservedContainer[];
  /** Why `current` has to be replaced; empty when it is right. */
  readonly replace: readonly Reason[];
  /** What can be updated in place. */
  readonly update: readonly Reason[];
}

/** A slot that has a container to go on from. */
export interface CurrentState extends SlotState {
  readonly current: ObservedContainer;
}

/** The image that a slot wants: an own one with its build, or an external one. */
export type SlotImage =
  | { readonly kind: "built"; readonly image: WantedImage }
  | { readonly kind: "external"; readonly ref: string; readonly id?: string };

/** What a container is compared with. */
export interface SlotWish {
  readonly wanted: WantedSlot;
  readonly image: SlotImage;
  readonly networks: ReadonlyMap<string, WantedNetwork>;
  /** Reasons from outside: flags. */
  readonly forced: readonly Reason[];
  /** Whether its anonymous volumes are to be made anew with it. */
  readonly renewsVolumes?: boolean;
  /** Whose namespaces it shares, by service. */
  readonly owners: ReadonlyMap<string, Owner>;
  /** What its container has to come to: others may wait for it to be healthy or to be done. */
  readonly until: Readiness;
}

/** The slot that a container's labels name, or undefined when they name none. */
export function slotOf(container: Pick<ObservedContainer, "labels">): SlotRef | undefined {
  const service = container.labels[LABEL.service];
  const number = Number(container.labels[LABEL.number]);
  return service === undefined || !Number.isInteger(number) || number < 1 ? undefined : { service, number };
}

/** Of several containers in a slot the one that needs nothing is continued, else the one that serves; the rest are old (spec §2). */
export function slotState(containers: readonly ObservedContainer[], wish: SlotWish): SlotState {
  const candidates = containers
    .map((container) => ({ container, ...assess(container, wish) }))
    .sort(
      (a, b) =>
        Number(a.replace.length > 0) - Number(b.replace.length > 0) ||
        Number(b.container.state === "running") - Number(a.container.state === "running") ||
        b.container.created - a.container.created ||
        compareText(a.container.id, b.container.id),
    );
  const usable = candidates.find(({ container: { state }, replace }) => {
    // One that never ran and is not right is of no use to anybody.
    const stillborn = state === "created" && replace.length > 0;
    return state !== "dead" && state !== "removing" && !stillborn;
  });
  const leftovers = candidates.filter((candidate) => candidate !== usable).map(({ container }) => container);
  if (!usable) return { leftovers, replace: [], update: [] };
  return { current: usable.container, leftovers, replace: usable.replace, update: usable.update };
}

/** Id of the image that the slot runs unless a build changes it. */
export function imageId(image: SlotImage): string | undefined {
  return image.kind === "built" ? image.image.id : image.id;
}

function assess(
  container: ObservedContainer,
  wish: SlotWish,
): { readonly replace: readonly Reason[]; readonly update: readonly Reason[] } {
  const { replace, update } = specDifference(container, wish.wanted);
  const reasons = [...wish.forced, ...replace, ...following(container, wish.owners).replace];
  const building = wish.image.kind === "built" && wish.image.image.build !== undefined;
  const id = imageId(wish.image);
  if (!building && id !== undefined && id !== container.imageId) {
    reasons.push({ code: "image-changed", before: container.imageId, after: id });
  }
  // What the file asks for only now was never there to be lost.
  const edited = new Set(replace.map(({ path }) => path?.split(".", 1)[0]));
  if (!edited.has("networks")) reasons.push(...connectionReasons(container, wish));
  if (!edited.has("ports")) reasons.push(...portReasons(container, wish.wanted));
  if (!edited.has("devVolumes")) reasons.push(...volumeReasons(container, wish.wanted));
  return { replace: reasons, update };
}

/** True for a container that had to run to its end once, and has. */
export function isFinished(container: ObservedContainer, { until }: Pick<SlotWish, "until">): boolean {
  return until === "completed" && container.state === "exited" && container.exitCode === 0;
}

/** A container that is not on one of its networks, or on a former network of that name: it would not start as it should. */
function connectionReasons(container: ObservedContainer, wish: SlotWish): readonly Reason[] {
  if (isFinished(container, wish)) return [];
  return wish.wanted.service.networks.flatMap(({ network: key }): readonly Reason[] => {
    const network = wish.networks.get(key);
    if (!network) return [];
    const connected = container.networks[network.name];
    if (connected === undefined) return [{ code: "disconnected", path: `networks.${key}` }];
    // Before its first start a container knows its networks by name only.
    if (connected === "") return [];
    if (network.create !== undefined || (network.id !== undefined && connected !== network.id)) {
      return [{ code: "network-changed", path: `networks.${key}` }];
    }
    return [];
  });
}

/** A host port that was chosen for the container and that somebody else has taken. */
function portReasons(container: ObservedContainer, wanted: WantedSlot): readonly Reason[] {
  const chosen = chosenPorts(container);
  return Object.entries(wanted.hostPorts).flatMap(([path, port]): readonly Reason[] => {
    const before = chosen[path];
    if (before === port) return [];
    return [
      { code: "port-taken", path, ...(before === undefined ? {} : { before: String(before) }), after: String(port) },
    ];
  });
}

/** A mount that the container should have, by its label, and has not. */
function volumeReasons(container: ObservedContainer, wanted: WantedSlot): readonly Reason[] {
  const there = new Set(container.mounts.map((mount) => mount.target));
  return wanted.devTargets
    .filter((target) => !there.has(target))
    .map((target) => ({ code: "volume-gone", path: `dev.mounts.${target}` }));
}
