import type { HistoryStep } from "../engine/image-calls.ts";
import type { LoggedAction } from "../gather/run-log.ts";

/** An image with the ids of its layers, the lowest first. */
export interface LayeredImage {
  readonly name: string;
  readonly layers: readonly string[];
}

/** By layer, the lowest first, the names of the other images that have it: layers are shared from below only. */
export function layerSharing(
  layers: readonly string[],
  others: readonly LayeredImage[],
): readonly (readonly string[])[] {
  const common = others.map((other) => {
    const differs = layers.findIndex((layer, index) => other.layers[index] !== layer);
    return { name: other.name, count: differs < 0 ? layers.length : differs };
  });
  return layers.map((_, index) => common.filter(({ count }) => count > index).map(({ name }) => name));
}

/** Instructions that make a layer, also one without content. */
const MAKES_LAYER = /^(RUN|COPY|ADD|WORKDIR)\b|^\|\d+ |^\/bin\/sh -c (?!#\(nop\))|#\(nop\) (ADD|COPY)/;

/**
 * For each step of a history, newest first, the number of its layer from below; undefined for one without a layer. The
 * engine does not say which step made which layer: undefined as a whole where the numbers don't fit either way of counting.
 */
export function layersOfSteps(
  steps: readonly HistoryStep[],
  layers: number,
): readonly (number | undefined)[] | undefined {
  const ways: readonly ((step: HistoryStep) => boolean)[] = [
    ({ size }) => size > 0,
    ({ size, createdBy }) => size > 0 || MAKES_LAYER.test(createdBy),
  ];
  const way = ways.find((makes) => steps.filter(makes).length === layers);
  if (!way) return undefined;
  let next = layers;
  return steps.map((step) => (way(step) ? (next -= 1) : undefined));
}

/**
 * For each step whether the last build of the image has run it or found it in the cache; undefined as a whole where it is
 * not known when that build began. `layers` says which steps have a layer: others are not run.
 */
export function stepOrigins(
  steps: readonly HistoryStep[],
  of: { readonly image: string; readonly log: readonly LoggedAction[] },
): readonly ("cached" | "built")[] | undefined {
  const build = of.log.findLast((action) => action.kind === "image.build" && action.image === of.image);
  if (build?.durationMs === undefined) return undefined;
  // The engine tells whole seconds.
  const began = Math.floor((build.time - build.durationMs) / 1000);
  return steps.map(({ created }) => (created >= began ? "built" : "cached"));
}
