import { declaredVolumes } from "./hidden.ts";
import type { Dockerfile } from "./parse.ts";
import type { Scope } from "./scope.ts";
import { buildOf } from "./stages.ts";

/** Absolute paths that are directories in every container of the image, whatever is mounted there: its working directory and its volumes, as far as they are known. */
export function ownPlaces(dockerfile: Dockerfile, scope: Scope): readonly string[] {
  const build = buildOf(dockerfile, scope);
  if (!build) return [];
  const workdir = build.chain.at(-1)?.workdir;
  return [...(workdir === undefined ? [] : [workdir]), ...(declaredVolumes(build, scope) ?? [])];
}
