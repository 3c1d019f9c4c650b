import type { Image } from "../project/image-model.ts";
import type { Project } from "../project/model.ts";
import type { Digest } from "../std/digest.ts";
import { inputDifferences } from "./image-reasons.ts";
import {
  type ImageDigests,
  imageIdOf,
  imageOrder,
  inputDigests,
  inputRepository,
  inputTag,
  isInputTag,
  parentImages,
} from "./input-digest.ts";
import type { Inputs } from "./inputs.ts";
import { LABEL } from "./labels.ts";
import type { Mode } from "./mode.ts";
import type { Observed } from "./observed.ts";
import type { ActionId } from "./plan.ts";
import type { PlanBuilder } from "./plan-builder.ts";
import type { Reason } from "./reason.ts";
import type { PlanRequest } from "./request.ts";

/** How an image stands and what its users start from. */
export interface WantedImage {
  readonly key: string;
  readonly digests: ImageDigests;
  /** Digest that the mode asks for. */
  readonly digest: Digest;
  /** Reference that containers are created from. */
  readonly ref: string;
  /** Id behind `ref` now; undefined when there is none. */
  readonly id?: string;
  /** The build in the plan, when there is one: `id` may be another afterwards. */
  readonly build?: ActionId;
}

/** Plans builds and tags of the images asked for and of what they are built from. */
export function planImages(
  project: Project,
  world: { readonly inputs: Inputs; readonly observed: Observed },
  to: { readonly builder: PlanBuilder; readonly request: PlanRequest; readonly images: readonly string[] },
): ReadonlyMap<string, WantedImage> {
  const order = imageOrder(project, world.inputs, to.images);
  const digests = inputDigests(project, world, order);
  const wanted = new Map<string, WantedImage>();
  for (const key of order) {
    const image = project.images[key];
    const own = digests.get(key);
    if (!image || !own) continue;
    const state = wantedImage(project.name, { image, digests: own }, { ...world, mode: to.request.mode });
    const parents = parentImages(image, world.inputs.images[key]).map((parent) => wanted.get(parent));
    const outputs = to.request.outputs === true && image.outputs.length > 0;
    const forced = (to.request.forceBuild || outputs) && to.images.includes(key);
    wanted.set(key, planImage(project, { image, state, parents, forced }, { ...world, ...to }));
  }
  return wanted;
}

/** Which of the image's input tags the mode wants: the dev tag where a dev digest is there, the full one when only that exists. */
function wantedImage(
  project: string,
  of: { readonly image: Image; readonly digests: ImageDigests },
  world: { readonly observed: Observed; readonly mode: Mode },
): WantedImage {
  const { image, digests } = of;
  const choices = [...(world.mode === "dev" && digests.dev ? [digests.dev.digest] : []), digests.full];
  for (const digest of choices) {
    const ref = inputTag(project, image.key, digest);
    const id = imageIdOf(world.observed, ref);
    if (id !== undefined) return { key: image.key, digests, digest, ref, id };
  }
  const digest = choices[0] ?? digests.full;
  return { key: image.key, digests, digest, ref: inputTag(project, image.key, digest) };
}

function planImage(
  project: Project,
  of: {
    readonly image: Image;
    readonly state: WantedImage;
    readonly parents: readonly (WantedImage | undefined)[];
    readonly forced: boolean;
  },
  to: {
    readonly builder: PlanBuilder;
    readonly request: PlanRequest;
    readonly images: readonly string[];
    readonly inputs: Inputs;
    readonly observed: Observed;
  },
): WantedImage {
  const { image, state } = of;
  const { builder, request, observed } = to;
  const target = `image:${image.key}`;
  const writes = request.outputs === true && image.outputs.length > 0 && to.images.includes(image.key);
  const running = state.id === undefined ? runningInput(state.digest, observed) : undefined;
  if (!of.forced && running !== undefined) {
    // The tag is gone but an own container runs that input: its image is tagged again.
    builder.add(
      target,
      { kind: "image.tag", from: running, to: state.ref },
      { reasons: [{ code: "tag-moved", path: state.ref }] },
    );
    return { ...state, id: running };
  }
  if (state.id !== undefined && !of.forced) {
    if (!planTags(image, state.id, to)) builder.unchanged(target);
    return state;
  }
  if (request.noBuild) {
    builder.conflicts.push({
      kind: "not-built",
      name: image.key,
      message: `image ${image.key} is not built for its present inputs and --no-build was given`,
      hint: `run "dock build ${image.key}"`,
    });
    return state;
  }
  const build = builder.add(
    target,
    {
      kind: "image.build",
      image: image.key,
      inputTags: inputTags(project.name, image.key, { digests: state.digests, mode: request.mode }),
      tags: image.tags,
      noCache: request.noCache || image.noCache,
      pull: request.pull || image.pull,
      ...(writes ? { outputs: true as const } : {}),
    },
    {
      reasons:
        of.forced && state.id !== undefined
          ? [{ code: "forced", ...(writes && !request.forceBuild ? { path: "output" } : {}) }]
          : buildReasons(project, state, to),
      after: of.parents.map((parent) => parent?.build),
    },
  );
  return { ...state, build };
}

/** The tags that a build earns: that of its mode first, then the full one, which is true of the build as well. */
function inputTags(
  project: string,
  key: string,
  of: { readonly digests: ImageDigests; readonly mode: Mode },
): readonly string[] {
  const { full, dev } = of.digests;
  const digests = of.mode === "dev" && dev ? [dev.digest, full] : [full];
  return digests.map((digest) => inputTag(project, key, digest));
}

/** Plans the declared tags that name another image; true when there are any. */
function planTags(
  image: Image,
  id: string,
  to: { readonly builder: PlanBuilder; readonly observed: Observed },
): boolean {
  const moved = image.tags.filter((tag) => imageIdOf(to.observed, tag) !== id);
  for (const tag of moved) {
    const before = imageIdOf(to.observed, tag);
    to.builder.add(
      `image:${image.key}`,
      { kind: "image.tag", from: id, to: tag },
      {
        reasons: [
          {
            code: before === undefined ? "missing" : "tag-moved",
            path: tag,
            ...(before === undefined ? {} : { before }),
            after: id,
          },
        ],
        qualifier: tag,
      },
    );
  }
  return moved.length > 0;
}

/** Why an image has to be built: nothing of it is there, or what differs from the build that is. */
function buildReasons(
  project: Project,
  state: WantedImage,
  world: { readonly inputs: Inputs; readonly observed: Observed; readonly request: PlanRequest },
): readonly Reason[] {
  const { used, tagged } = knownBuilds(project.name, state.key, world.observed);
  if (used.length + tagged.length === 0) return [{ code: "missing" }];
  const before = world.inputs.images[state.key]?.previous;
  if (before === undefined) return [{ code: "inputs-changed" }];
  const isDev = before.hiddenTargets.length > 0;
  return inputDifferences(before, isDev && state.digests.dev ? state.digests.dev.record : state.digests.record);
}

/** The build, of those that something is kept of, to compare with: one that a container runs, else one whose tag is still there. */
export function buildToCompare(
  project: string,
  image: string,
  of: { readonly observed: Observed; readonly newestFirst: readonly string[] },
): string | undefined {
  const { used, tagged } = knownBuilds(project, image, of.observed);
  return (
    of.newestFirst.find((digest) => used.includes(digest)) ?? of.newestFirst.find((digest) => tagged.includes(digest))
  );
}

/** Input digests of an image that containers run, and of those that are tagged. */
function knownBuilds(
  project: string,
  image: string,
  observed: Observed,
): { readonly used: readonly string[]; readonly tagged: readonly string[] } {
  const repository = inputRepository(project, image);
  const tagged = observed.images
    .flatMap(({ tags }) => tags)
    .filter((tag) => tag.startsWith(`${repository}:`) && isInputTag(tag))
    .map((tag) => tag.slice(repository.length + ":in-".length));
  const used = observed.containers
    .filter((container) => container.imageRef.startsWith(`${repository}:`))
    .flatMap((container) => container.labels[LABEL.input] ?? []);
  return { used, tagged };
}

/**
 * Id of the image of an own container that was created from these inputs, if the engine still has it. The label tells,
 * not the reference: the engine lists a container by its image's id once the tags are gone.
 */
function runningInput(digest: Digest, observed: Observed): string | undefined {
  const there = new Set(observed.images.map(({ id }) => id));
  const own = observed.containers.find(
    (container) => container.labels[LABEL.input] === digest && there.has(container.imageId),
  );
  return own?.imageId;
}

/** How many input tags of an image are kept. */
export const KEPT_INPUTS = 3;

/** Plans the removal of input tags beyond the newest three of an image, never of one in use. Needs the times of tagging. */
export function planSupersededTags(
  project: Project,
  world: { readonly observed: Observed; readonly wanted: ReadonlyMap<string, WantedImage> },
  builder: PlanBuilder,
): void {
  const inUse = new Set(world.observed.containers.map((container) => container.imageId));
  for (const { key, ref, id: wantedId } of world.wanted.values()) {
    const repository = inputRepository(project.name, key);
    const candidates = world.observed.images.filter((image) =>
      image.tags.some((tag) => isInputTag(tag) && tag.startsWith(`${repository}:`)),
    );
    if (candidates.length <= KEPT_INPUTS || candidates.some((image) => image.lastTagged === undefined)) continue;
    const newestFirst = candidates.toSorted((a, b) => (b.lastTagged ?? 0) - (a.lastTagged ?? 0));
    for (const image of newestFirst.slice(KEPT_INPUTS)) {
      if (inUse.has(image.id) || image.id === wantedId) continue;
      for (const tag of image.tags) {
        if (!isInputTag(tag) || !tag.startsWith(`${repository}:`) || tag === ref) continue;
        builder.add(
          `image:${key}`,
          { kind: "image.remove", ref: tag },
          { reasons: [{ code: "superseded", path: tag }], qualifier: tag },
        );
      }
    }
  }
}
