import type { Dockerfile } from "./parse.ts";
import type { Action, Origin, ResolvedStage } from "./action.ts";
import { findStage, resolve } from "./resolve.ts";
import type { Scope } from "./scope.ts";

/** What the target needs of a Dockerfile. */
export interface Build {
  /** The target with the stages it starts from, the outermost base first. Ends early below an unknown FROM. */
  readonly chain: readonly ResolvedStage[];
  /** Every stage whose result the target needs, in the file's order, the chain included. */
  readonly reachable: readonly ResolvedStage[];
  /** False where a stage or image depends on a value that isn't known here; then `reachable` has all it may need. */
  readonly certain: boolean;
}

/** The stages that a target reaches by FROM, COPY --from and RUN --mount from. Undefined where there is no such target. */
export function buildOf(dockerfile: Dockerfile, scope: Scope): Build | undefined {
  const stages = resolve(dockerfile, scope);
  const index = scope.target === undefined ? stages.length - 1 : findStage(dockerfile, scope.target);
  const target = index === undefined ? undefined : stages[index];
  if (!target) return undefined;
  const reachable = new Set<ResolvedStage>();
  let certain = true;
  const reach = (stage: ResolvedStage | undefined): void => {
    if (!stage || reachable.has(stage)) return;
    reachable.add(stage);
    for (const origin of origins(stage)) {
      if (origin.kind === "stage") reach(stages[origin.index]);
      if (origin.kind !== "image" || origin.ref !== undefined) continue;
      certain = false;
      for (const earlier of stages.slice(0, stage.index)) reach(earlier);
    }
  };
  reach(target);
  return { chain: chainOf(target, stages), reachable: stages.filter((stage) => reachable.has(stage)), certain };
}

function chainOf(target: ResolvedStage, stages: readonly ResolvedStage[]): readonly ResolvedStage[] {
  const chain = [target];
  for (let first: ResolvedStage | undefined = target; first?.origin.kind === "stage";) {
    first = stages[first.origin.index];
    if (first) chain.unshift(first);
  }
  return chain;
}

function origins(stage: ResolvedStage): readonly Origin[] {
  return [stage.origin, ...stage.actions.flatMap(fileOrigins)];
}

/** The stages and images that an action takes files from; none for what comes from the build context. */
export function fileOrigins(action: Action): readonly Origin[] {
  if (action.kind === "run") return action.mounts.flatMap((mount) => mount.from ?? []);
  if (action.kind === "volume") return [];
  return action.from ? [action.from] : [];
}
