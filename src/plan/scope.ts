import type { Project } from "../project/model.ts";
import { inputRepository, isInputTag } from "./input-digest.ts";
import type { Observed } from "./observed.ts";
import { slotTarget } from "./operation.ts";
import { slotOf } from "./slot-state.ts";
import { specLabelDiffers } from "./spec-difference.ts";
import type { WantedSlot } from "./wanted.ts";

/** Names that a project wants its objects to have on the engine. */
export interface WantedNames {
  readonly containers: readonly string[];
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
}

/** The names of all containers, networks and volumes of a project; no mode has others. */
export function wantedNames(project: Project): WantedNames {
  return {
    containers: Object.values(project.services).flatMap((service) =>
      Array.from(
        { length: service.scale },
        (_, index) => service.containerName ?? `${project.name}-${service.key}-${index + 1}`,
      ),
    ),
    networks: Object.values(project.networks).map((network) => network.name),
    volumes: Object.values(project.volumes).map((volume) => volume.name),
  };
}

/** Ids of containers that were made from another spec than the one wanted: for these an inspection tells more. */
export function differingContainers(observed: Observed, slots: readonly WantedSlot[]): readonly string[] {
  const wanted = new Map(slots.map((slot) => [slotTarget(slot.slot), slot]));
  return observed.containers.flatMap((container) => {
    const slot = slotOf(container);
    const wish = slot && wanted.get(slotTarget(slot));
    return wish && specLabelDiffers(container, wish) ? [container.id] : [];
  });
}

/** Repositories of input tags that hold more than are kept, so that the times of tagging are needed. */
export function crowdedRepositories(project: Project, observed: Observed, kept: number): readonly string[] {
  return Object.keys(project.images)
    .map((key) => inputRepository(project.name, key))
    .filter((repository) => {
      const images = observed.images.filter((image) =>
        image.tags.some((tag) => isInputTag(tag) && tag.startsWith(`${repository}:`)),
      );
      return images.length > kept;
    });
}
