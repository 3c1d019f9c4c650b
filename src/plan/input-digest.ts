import type { Image } from "../project/image-model.ts";
import type { Project } from "../project/model.ts";
import { canonicalJson, compareText, type Digest, sha256 } from "../std/digest.ts";
import { familiarName } from "../dockerfile/reference-name.ts";
import { topologicalOrder } from "../std/graph.ts";
import type { BuildRecord, FileInputs, ImageInputs, Inputs } from "./inputs.ts";
import type { Observed } from "./observed.ts";

/** The digests of one image (spec §3) with the record of what they were made of. */
export interface ImageDigests {
  readonly full: Digest;
  readonly record: BuildRecord;
  /** There only where dev binds hide files of the build. */
  readonly dev?: { readonly digest: Digest; readonly record: BuildRecord };
}

/** Format of the input digest; another format never has equal digests. */
const FORMAT = "dock-input/1";

/** The images that an image starts or copies from, by key. */
export function parentImages(image: Image, inputs: ImageInputs | undefined): readonly string[] {
  const keys = new Set<string>();
  for (const reference of inputs?.references ?? []) if (reference.kind === "image") keys.add(reference.key);
  for (const context of Object.values(image.contexts)) if (context.kind === "image") keys.add(context.key);
  return [...keys].sort();
}

/** The wanted images and all that they are built from, parents first. */
export function imageOrder(project: Project, inputs: Inputs, wanted: Iterable<string>): readonly string[] {
  return topologicalOrder([...wanted].sort(), (key) => {
    const image = project.images[key];
    return image ? parentImages(image, inputs.images[key]) : [];
  });
}

/** Input digests of the images in `order`, which must name parents first. */
export function inputDigests(
  project: Project,
  world: { readonly inputs: Inputs; readonly observed: Observed },
  order: readonly string[],
): ReadonlyMap<string, ImageDigests> {
  const digests = new Map<string, ImageDigests>();
  for (const key of order) {
    const image = project.images[key];
    const inputs = world.inputs.images[key];
    if (!image || !inputs) throw new Error(`no inputs were gathered for image ${key}`);
    const bases = baseIdentities(image, inputs, { digests, observed: world.observed });
    const platform = image.platforms.length > 0 ? image.platforms.join(",") : world.observed.engine.platform;
    if (platform === undefined)
      throw new Error(`the engine's platform was not asked for, which image ${key} is built for`);
    const of = (files: FileInputs, hiddenTargets: readonly string[]): { digest: Digest; record: BuildRecord } =>
      recorded(files, {
        dockerfile: inputs.dockerfile,
        args: inputs.args,
        target: image.target ?? "",
        platform,
        labels: image.labels,
        bases,
        hiddenTargets,
        ...(image.secrets.length === 0 ? {} : { secrets: image.secrets.map(({ id }) => id).toSorted(compareText) }),
      });
    const { digest: full, record } = of(inputs.files, []);
    const { devFiles } = inputs;
    const dev = devFiles === undefined ? {} : { dev: of(devFiles, devFiles.hiddenTargets) };
    digests.set(key, { full, record, ...dev });
  }
  return digests;
}

/** The record's files are listed only when somebody asks for them. */
function recorded(files: FileInputs, rest: Omit<BuildRecord, "files">): { digest: Digest; record: BuildRecord } {
  const record = Object.defineProperty({ ...rest, files: {} }, "files", { get: () => files.files, enumerable: true });
  return { digest: sha256(canonicalJson({ format: FORMAT, ...rest, files: files.digest })), record };
}

/** Reference → what it stands for now: an own image's input digest, the id of an image on the engine, else the reference itself. */
function baseIdentities(
  image: Image,
  inputs: ImageInputs,
  known: { readonly digests: ReadonlyMap<string, ImageDigests>; readonly observed: Observed },
): Readonly<Record<string, string>> {
  const bases: Record<string, string> = {};
  for (const key of parentImages(image, inputs)) {
    const parent = known.digests.get(key);
    if (!parent) throw new Error(`image ${key} is not before ${image.key}`);
    bases[`image:${key}`] = parent.full;
  }
  const external = inputs.references.flatMap((reference) => (reference.kind === "external" ? [reference.ref] : []));
  for (const [name, context] of Object.entries(image.contexts)) {
    if (context.kind === "reference") external.push(context.ref);
    if (context.kind === "url") bases[`context:${name}`] = context.url;
  }
  if (image.context.kind === "url") bases["context:"] = image.context.url;
  for (const ref of external) bases[ref] = imageIdOf(known.observed, ref) ?? ref;
  return bases;
}

/** A reference as the engine lists it: without Docker Hub's host, with a tag, or with a digest and then without one. */
export function engineReference(ref: string): string {
  const [named = "", digest] = familiarName(ref).split("@", 2);
  const colon = named.lastIndexOf(":");
  const tagged = colon > named.lastIndexOf("/");
  if (digest !== undefined) return `${tagged ? named.slice(0, colon) : named}@${digest}`;
  return tagged ? named : `${named}:latest`;
}

/** Id of the image that a reference names on the engine, or undefined. */
export function imageIdOf(observed: Observed, reference: string): string | undefined {
  const ref = reference.startsWith("sha256:") ? reference : engineReference(reference);
  return observed.images.find((image) => image.tags.includes(ref) || image.digests.includes(ref) || image.id === ref)
    ?.id;
}

/** Repository whose tags are the input tags of an image. */
export function inputRepository(project: string, imageKey: string): string {
  return `${project}-${imageKey}`.toLowerCase();
}

/** `<project>-<image>:in-<digest>` (spec §3). */
export function inputTag(project: string, imageKey: string, digest: Digest): string {
  return `${inputRepository(project, imageKey)}:in-${digest}`;
}

/** True for references that `inputTag` made. */
export function isInputTag(ref: string): boolean {
  return /:in-[0-9a-f]{64}$/.test(ref);
}
