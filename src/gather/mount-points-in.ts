import { isAbsolute, posix, relative, sep } from "node:path";
import { ownPlaces } from "../dockerfile/own-places.ts";
import { allMounts, effectiveService } from "../plan/mode.ts";
import type { Mount } from "../project/connection-model.ts";
import type { Project } from "../project/model.ts";
import { pathBelow } from "../std/path-below.ts";
import type { Dockerfiles } from "./dockerfiles.ts";

type Bind = Extract<Mount, { kind: "bind" }>;

/**
 * Paths relative to a context's directory that serve inside binds of it as places of other mounts, of volumes or as a
 * working directory, with the directories above them: empty, they count in no digest.
 */
export function mountPointsIn(project: Project, directory: string, dockerfiles: Dockerfiles): ReadonlySet<string> {
  const points = new Set<string>();
  for (const declared of Object.values(project.services)) {
    const service = effectiveService(declared, "dev");
    const mounts = allMounts(service);
    const binds = mounts.filter((mount): mount is Bind => mount.kind === "bind" && meets(mount.source, directory));
    if (binds.length === 0) continue;
    const file = service.image.kind === "built" ? dockerfiles.get(service.image.key) : undefined;
    const places = [
      ...mounts.map(({ target }) => target),
      ...(service.workingDir === undefined ? [] : [service.workingDir]),
      ...(file ? ownPlaces(file.dockerfile, file.scope) : []),
    ];
    for (const bind of binds)
      for (const place of places) for (const path of pathsTo(place, { bind, directory })) points.add(path);
  }
  return points;
}

/** Whether one of two directories is the other one or lies in it. */
function meets(one: string, other: string): boolean {
  return pathBelow(one, other) !== undefined || pathBelow(other, one) !== undefined;
}

/** The place and what is above it below the bind, as far as it lies in the directory. */
function pathsTo(place: string, of: { readonly bind: Bind; readonly directory: string }): readonly string[] {
  const inner = posix.relative(of.bind.target, place);
  if (inner === "" || inner.startsWith("..") || posix.isAbsolute(inner)) return [];
  const parts = inner.split("/");
  return parts.flatMap((_, index) => {
    const path = relative(of.directory, `${of.bind.source}/${parts.slice(0, index + 1).join("/")}`);
    return path === "" || path.startsWith("..") || isAbsolute(path) ? [] : [path.split(sep).join("/")];
  });
}
