import { resolve } from "../dockerfile/resolve.ts";
import { buildOf } from "../dockerfile/stages.ts";
import type { ReadDockerfile } from "./dockerfiles.ts";

/** What a Dockerfile says about the image that it makes, to be compared with the image that came out. */
export interface OwnSteps {
  /** Instructions of the target's own chain of stages: the builder notes each as one step of the history. */
  readonly count: number;
  /** Container paths that it declares as VOLUME. */
  readonly volumes: ReadonlySet<string>;
}

/** Reads both off a Dockerfile. */
export function ownSteps({ dockerfile, scope }: ReadDockerfile): OwnSteps {
  const chain = buildOf(dockerfile, scope)?.chain ?? [];
  const actions = resolve(dockerfile, scope).flatMap((stage) => stage.actions);
  const paths = actions.flatMap((action) => (action.kind === "volume" ? action.paths : []));
  return {
    count: chain.reduce((steps, { index }) => steps + (dockerfile.stages[index]?.instructions.length ?? 0), 0),
    volumes: new Set(paths.filter((path) => path !== undefined)),
  };
}
