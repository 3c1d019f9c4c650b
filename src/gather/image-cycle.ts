import type { Diagnostic } from "../diagnostic.ts";
import { DockError } from "../error.ts";
import { findCycle } from "../std/graph.ts";
import type { Dockerfiles, ReadDockerfile } from "./dockerfiles.ts";

/** Throws `invalid-project` when images are built from one another in a circle, which only their Dockerfiles tell. */
export function refuseImageCycle(dockerfiles: Dockerfiles): void {
  const cycle = findCycle([...dockerfiles.keys()].sort(), (key) => {
    const file = dockerfiles.get(key);
    return file ? neededImages(file).filter((other) => dockerfiles.has(other)) : [];
  });
  if (!cycle) return;
  const at = dockerfiles.get(cycle[0] ?? "")?.image.at;
  const diagnostic: Diagnostic = {
    severity: "error",
    code: "dependency-cycle",
    message: `images are built from one another: ${cycle.join(" → ")}`,
    ...(at && { at }),
    hint: "an image's name in FROM or COPY --from means the project's own image; docker.io/library/NAME means the public one",
  };
  throw new DockError("invalid-project", "the project's images need one another; nothing was touched", {
    diagnostics: [diagnostic],
  });
}

/** The images of the project that an image's Dockerfile and contexts name. */
export function neededImages({ image, references }: ReadDockerfile): readonly string[] {
  return [
    ...references.flatMap((reference) => (reference.kind === "image" ? [reference.key] : [])),
    ...Object.values(image.contexts).flatMap((context) => (context.kind === "image" ? [context.key] : [])),
  ];
}
