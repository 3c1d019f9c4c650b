import type { Mode } from "./mode.ts";

/** What a command asks the planner for, beyond what the file says. */
export interface PlanRequest {
  readonly mode: Mode;
  /** Services to bring up; undefined: all. What they depend on comes along unless `noDeps`. */
  readonly services?: readonly string[];
  /** Images to build; undefined: those that the services need. Services are left alone when this is there. */
  readonly images?: readonly string[];
  readonly noDeps: boolean;
  /** Ask the builder even where the inputs are unchanged: for `image`s of this list. */
  readonly forceBuild: boolean;
  /** Write the outputs of `images`, which asks the builder for those that have some. */
  readonly outputs?: boolean;
  readonly noBuild: boolean;
  readonly noCache: boolean;
  readonly pull: boolean;
  readonly forceRecreate: boolean;
  readonly renewAnonVolumes: boolean;
  readonly removeOrphans: boolean;
  /** There where containers are inspected that are, by their labels, as they should be: for what only an inspection tells. */
  readonly live?: true;
}

/** A plain `up` of everything in a mode. */
export function plainRequest(mode: Mode): PlanRequest {
  return {
    mode,
    noDeps: false,
    forceBuild: false,
    noBuild: false,
    noCache: false,
    pull: false,
    forceRecreate: false,
    renewAnonVolumes: false,
    removeOrphans: true,
  };
}
