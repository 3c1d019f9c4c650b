/**
 * The operations that a plan is made of. Each is one call to the engine, except `container.replace`, which carries
 * its own way back (spec §2), and `image.build`, which is one build with its tags.
 */
export interface OperationArgs {
  readonly "image.build": {
    readonly image: string;
    /** Put on after the build; the first is the one that containers are created from. */
    readonly inputTags: readonly string[];
    readonly tags: readonly string[];
    /** Ask the builder to run every step again. */
    readonly noCache: boolean;
    readonly pull: boolean;
    /** Also write the image's outputs. */
    readonly outputs?: true;
  };
  readonly "image.pull": { readonly ref: string; readonly platform?: string };
  readonly "image.tag": { readonly from: string; readonly to: string };
  /** Removes one reference; the image itself goes only when nothing else names or uses it. */
  readonly "image.remove": { readonly ref: string };
  readonly "network.create": { readonly network: string; readonly name: string };
  readonly "network.remove": { readonly id: string; readonly name: string };
  readonly "network.connect": { readonly network: string; readonly container: string };
  readonly "network.disconnect": { readonly network: string; readonly container: string };
  /** A dev volume's name follows from the id of the image that fills it, which may be known only after a build. */
  readonly "volume.create": { readonly volume: VolumeRef };
  readonly "volume.remove": { readonly name: string };
  readonly "container.create": { readonly slot: SlotRef; readonly name: string };
  /** `id` is undefined where this plan creates the container. */
  readonly "container.start": { readonly slot: SlotRef; readonly id?: string; readonly handover?: Handover };
  readonly "container.stop": { readonly id: string; readonly name: string; readonly timeoutSeconds: number };
  readonly "container.remove": { readonly id: string; readonly name: string; readonly volumes: boolean };
  readonly "container.replace": Replacement & {
    /** What the new one has to reach before the old one is removed. */
    readonly until: Readiness;
    readonly handover?: Handover;
  };
  readonly "container.rename": { readonly id: string; readonly name: string };
  readonly "container.update": { readonly slot: SlotRef; readonly id: string };
  readonly "container.restart": { readonly slot: SlotRef; readonly id: string; readonly timeoutSeconds: number };
  readonly "container.wait": {
    readonly slot: SlotRef;
    readonly until: Readiness;
    readonly id?: string;
    readonly handover?: Handover;
  };
}

/** One container that takes another one's place. */
export interface Replacement {
  readonly slot: SlotRef;
  /** Of the old one. */
  readonly id: string;
  /** Name that the new container has in the end. */
  readonly name: string;
  /** Name that it has until the old one is gone. */
  readonly temporaryName: string;
  /** Id of the new container where an interrupted run has made it; else it is created. */
  readonly successor?: string;
  readonly timeoutSeconds: number;
  readonly oldWasRunning: boolean;
  /** Containers that run in namespaces of the old one: where it has to come back, they have to be started anew. */
  readonly sharers?: readonly { readonly id: string; readonly timeoutSeconds: number }[];
}

/**
 * Operations that can't each have a way back of their own, because one's new container needs what another one's old
 * container has: all old ones stop before the first new one starts, and are kept until the last one is ready. They are
 * carried out one after the other.
 */
export interface Handover {
  readonly part: "first" | "between" | "last";
  readonly replaced: readonly Replacement[];
  /** Containers of other slots that start meanwhile; without `id` this plan makes them. */
  readonly started: readonly { readonly slot: SlotRef; readonly id?: string; readonly timeoutSeconds: number }[];
}

/** When a container counts as ready: alive for the settle time, its health check or `ready` says so, or it exited with 0. */
export type Readiness = "alive" | "healthy" | "ready" | "completed";

export type OperationKind = keyof OperationArgs;

/** One operation of a kind, discriminated by `kind`. */
export type Operation<K extends OperationKind = OperationKind> = {
  [P in K]: { readonly kind: P } & OperationArgs[P];
}[K];

/** One container of a service: the service's key and a number from 1. */
export interface SlotRef {
  readonly service: string;
  readonly number: number;
}

/** A volume that a plan makes. */
export type VolumeRef =
  | { readonly kind: "named"; readonly key: string; readonly name: string }
  /** Anonymous dev volume of a slot at a path in the container. */
  | { readonly kind: "dev"; readonly slot: SlotRef; readonly path: string };

/** `service:<key>/<n>`. */
export function slotTarget(slot: SlotRef): string {
  return `service:${slot.service}/${slot.number}`;
}
