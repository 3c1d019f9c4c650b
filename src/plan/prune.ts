import { compareText } from "../std/digest.ts";
import { inputRepository, isInputTag } from "./input-digest.ts";
import type { ObservedImage } from "./observed.ts";
import type { Plan } from "./plan.ts";
import { PlanBuilder } from "./plan-builder.ts";

/** What a pruning is planned from. */
export interface PruneWorld {
  /** With the times of tagging, where the engine tells them. */
  readonly images: readonly ObservedImage[];
  /** Ids of images that any container on the engine runs, whoever's it is. */
  readonly inUse: ReadonlySet<string>;
  /** Key by id, of images that dock is known to have built for this project. */
  readonly built: ReadonlyMap<string, string>;
  /** How many input tags of an image stay. */
  readonly keep: number;
}

/** What is planned, and what nothing could be said of. */
export interface Pruning {
  readonly plan: Plan;
  /** Ids of images that are gone afterwards: none of their names is left. */
  readonly removed: readonly string[];
  /** Keys of images of which the engine does not tell when they were tagged. */
  readonly unknown: readonly string[];
}

/**
 * Plans the removal of input tags beyond the newest `keep` of each image and of untagged images that dock has built for
 * the project. What a container uses stays, and so does every other tag: those are the user's.
 */
export function planPrune(
  project: { readonly name: string; readonly images: Readonly<Record<string, unknown>> },
  world: PruneWorld,
): Pruning {
  const builder = new PlanBuilder();
  const gone = new Map<string, Set<string>>();
  const unknown: string[] = [];
  for (const key of Object.keys(project.images).sort(compareText)) {
    const prefix = `${inputRepository(project.name, key)}:`;
    const isOwn = (tag: string): boolean => isInputTag(tag) && tag.startsWith(prefix);
    const candidates = world.images.filter(({ tags }) => tags.some(isOwn));
    if (candidates.length <= world.keep) continue;
    if (candidates.some(({ lastTagged }) => lastTagged === undefined)) {
      unknown.push(key);
      continue;
    }
    const newestFirst = candidates.toSorted(
      (a, b) => (b.lastTagged ?? 0) - (a.lastTagged ?? 0) || compareText(a.id, b.id),
    );
    for (const image of newestFirst.slice(world.keep)) {
      if (world.inUse.has(image.id)) continue;
      for (const ref of image.tags.filter(isOwn).sort(compareText)) {
        const reasons = [{ code: "superseded", path: ref }] as const;
        builder.add(`image:${key}`, { kind: "image.remove", ref }, { reasons, qualifier: ref });
        gone.set(image.id, (gone.get(image.id) ?? new Set()).add(ref));
      }
    }
  }
  const tagsOf = new Map(world.images.map(({ id, tags }) => [id, tags]));
  const untagged = world.images.filter(
    ({ id, tags }) => tags.length === 0 && world.built.has(id) && !world.inUse.has(id),
  );
  for (const { id } of untagged.toSorted((a, b) => compareText(a.id, b.id))) {
    const reasons = [{ code: "superseded", path: id }] as const;
    builder.add(`image:${world.built.get(id) ?? ""}`, { kind: "image.remove", ref: id }, { reasons, qualifier: id });
  }
  const emptied = [...gone].filter(([id, refs]) => tagsOf.get(id)?.every((tag) => refs.has(tag))).map(([id]) => id);
  return { plan: builder.build(project.name), removed: [...emptied, ...untagged.map(({ id }) => id)], unknown };
}
