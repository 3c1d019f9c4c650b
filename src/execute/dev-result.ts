import type { HistoryStep } from "../engine/image-calls.ts";
import { readDockerfiles } from "../gather/dockerfiles.ts";
import { ownSteps } from "../gather/own-steps.ts";
import type { Execution } from "./execution.ts";

/**
 * True when an image that was built is what the dev digest reckoned with beforehand (spec §3): its base was known, or
 * the result shows no volume that the Dockerfile does not declare and no step between the base's and the Dockerfile's.
 */
export async function resultIsReckonedWith(
  execution: Execution,
  of: { readonly key: string; readonly id: string },
  signal: AbortSignal,
): Promise<boolean> {
  const { engine, project, observed } = execution;
  const file = (await readDockerfiles(project, [of.key])).get(of.key);
  if (!file) return false;
  const inspected = observed.images.filter((image) => image.config !== undefined);
  const known = new Set(inspected.flatMap((image) => [...image.tags, ...image.digests]));
  if (file.references.every((reference) => reference.kind === "external" && known.has(reference.ref))) return true;
  const [detail, history] = await Promise.all([engine.inspectImage(of.id, signal), engine.imageHistory(of.id, signal)]);
  if (!detail) return false;
  const own = ownSteps(file);
  return detail.config.volumes.every((volume) => own.volumes.has(volume)) && noForeignSteps(own.count, history);
}

/**
 * A base's ONBUILD runs right before the Dockerfile's first step, so the step below that one would be about as young.
 * Steps of a base that was made within an hour of its use can't be told from that: such an image gets no dev tag.
 */
const YOUNGEST_BASE_SECONDS = 3600;

function noForeignSteps(own: number, newestFirst: readonly HistoryStep[]): boolean {
  const firstOwn = newestFirst[own - 1];
  const below = newestFirst[own];
  if (own === 0 || firstOwn === undefined) return false;
  return below === undefined || firstOwn.created - below.created > YOUNGEST_BASE_SECONDS;
}
