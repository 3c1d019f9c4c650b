import { LABEL } from "./labels.ts";
import type { ForeignContainer, Observed } from "./observed.ts";

/** Whose objects are whose, among those that carry the project's name. */
export interface Claim {
  /** Own objects as own, whatever file made them; all others as foreign. */
  readonly observed: Observed;
  /** Files of which the objects were taken over: they are gone. */
  readonly adoptedFrom: readonly string[];
}

interface Labeled {
  readonly labels: Readonly<Record<string, string>>;
}

/** The project files that objects of this name name and that are not this one. */
export function otherOwners(
  project: { readonly name: string; readonly file: string },
  observed: Observed,
): readonly string[] {
  const things: readonly Labeled[] = [...observed.containers, ...observed.networks, ...observed.volumes];
  const files = things
    .filter(({ labels }) => labels[LABEL.project] === project.name)
    .flatMap(({ labels }) => labels[LABEL.file] ?? []);
  return [...new Set(files)].filter((file) => file !== project.file).sort();
}

/**
 * Sorts out objects that another file of the same project name made: while that file is there they are somebody
 * else's, once it is gone (a moved checkout) they are taken over (spec §2).
 */
export function claim(
  project: { readonly name: string; readonly file: string },
  observed: Observed,
  livingOwners: ReadonlySet<string>,
): Claim {
  const foreign = ({ labels }: Labeled): boolean =>
    labels[LABEL.project] === project.name && livingOwners.has(labels[LABEL.file] ?? "");
  const adopted = <T extends Labeled>(thing: T): T =>
    thing.labels[LABEL.project] === project.name && !foreign(thing)
      ? { ...thing, labels: { ...thing.labels, [LABEL.file]: project.file } }
      : thing;
  const others = observed.containers
    .filter(foreign)
    .map(({ id, name, labels }): ForeignContainer => ({ id, name, labels }));
  return {
    observed: {
      ...observed,
      containers: observed.containers.filter((container) => !foreign(container)).map(adopted),
      networks: observed.networks.map(adopted),
      volumes: observed.volumes.map(adopted),
      foreignContainers: [...observed.foreignContainers, ...others],
    },
    adoptedFrom: otherOwners(project, observed).filter((file) => !livingOwners.has(file)),
  };
}
