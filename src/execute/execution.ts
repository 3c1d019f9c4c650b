import type { Engine } from "../engine/engine.ts";
import type { Emit } from "../event.ts";
import type { RecentDigests } from "../gather/recent-digests.ts";
import type { Inputs } from "../plan/inputs.ts";
import type { Observed } from "../plan/observed.ts";
import type { SlotRef } from "../plan/operation.ts";
import { slotTarget } from "../plan/operation.ts";
import type { Reconciled } from "../plan/reconcile.ts";
import type { WantedSlot } from "../plan/wanted.ts";
import type { Project } from "../project/model.ts";
import type { Clock } from "../std/clock.ts";
import type { Digest } from "../std/digest.ts";
import type { ExitWatch } from "./exit-watch.ts";

/** What all operations of one run share. */
export interface Execution {
  readonly engine: Engine;
  readonly project: Project;
  readonly inputs: Inputs;
  readonly observed: Observed;
  readonly reconciled: Reconciled;
  /** The wishes of the plan by slot target. */
  readonly wanted: ReadonlyMap<string, WantedSlot>;
  readonly emit: Emit;
  readonly clock: Clock;
  readonly settings: ExecutionSettings;
  /** The digests of contexts that this run has made; those after a build are made anew. */
  readonly digests?: RecentDigests;
  /** What operations of this run have made so far. */
  readonly made: Made;
  /** Where the ends of containers are heard of; without it the engine is asked for each. */
  readonly exits?: ExitWatch;
  /** Puts more into a container of a service that does not run: what sync rules keep there. */
  readonly fill?: (service: string, container: string, signal: AbortSignal) => Promise<void>;
}

/** What the command line says about how to carry out a plan. */
export interface ExecutionSettings {
  /** Milliseconds until a service that is not ready counts as failed; undefined: reckoned from its health check. */
  readonly readyTimeout?: number;
  /** Directory of this user's cache: stat caches and build records. */
  readonly cacheDirectory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How many builds run at once. */
  readonly parallelBuilds: number;
  /** How many other operations run at once. */
  readonly parallel: number;
}

/** The image that containers of an own image are created from. */
export interface MadeImage {
  readonly ref: string;
  readonly id: string;
  readonly digest: Digest;
}

/** Results that later operations of the same run look up. */
export interface Made {
  /** By image key, for own images. */
  readonly images: Map<string, MadeImage>;
  /** Container id by slot target. */
  readonly containers: Map<string, string>;
  /** When a container of a slot was started, on the execution's clock. */
  readonly started: Map<string, number>;
  /** Paths of images' own volumes, by image id. */
  readonly imageVolumes: Map<string, Promise<readonly string[]>>;
}

/** What this run starts from: the images that are already there. */
export function initialMade(reconciled: Reconciled): Made {
  const images = [...reconciled.images.values()].flatMap(({ key, ref, id, digest }) =>
    id === undefined ? [] : [[key, { ref, id, digest }] as const],
  );
  return { images: new Map(images), containers: new Map(), started: new Map(), imageVolumes: new Map() };
}

/** The wishes of a plan by slot target: every operation looks its own up. */
export function wantedByTarget({ slots }: Reconciled): ReadonlyMap<string, WantedSlot> {
  return new Map(slots.map((wanted) => [slotTarget(wanted.slot), wanted]));
}

/** The wish for a slot that the plan names. */
export function wantedSlot(execution: Execution, slot: SlotRef): WantedSlot {
  const target = slotTarget(slot);
  const wanted = execution.wanted.get(target);
  if (!wanted) throw new Error(`the plan names ${target}, which nobody wants`);
  return wanted;
}
