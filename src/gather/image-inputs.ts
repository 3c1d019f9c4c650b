import { join } from "node:path";
import { type ContextDigest, digestContext, type DigestRequest, manifestDigest } from "../context/digest.ts";
import type { ContextEntry } from "../context/context-entry.ts";
import type { SeenTree } from "../context/known-offer.ts";
import { loadIgnore } from "../context/load-ignore.ts";
import { FileStatCache } from "../context/stat-cache.ts";
import { declaredArguments } from "../dockerfile/arguments.ts";
import { hiddenByBind } from "../dockerfile/hidden.ts";
import { contextReads, remoteSources } from "../dockerfile/reads.ts";
import type { BaseImage, Scope } from "../dockerfile/scope.ts";
import type { FileInputs, ImageInputs } from "../plan/inputs.ts";
import type { Mode } from "../plan/mode.ts";
import type { Observed } from "../plan/observed.ts";
import type { Image } from "../project/image-model.ts";
import type { Project } from "../project/model.ts";
import { canonicalJson, compareText, sha256, sha256Joined } from "../std/digest.ts";
import { devView } from "./dev-view.ts";
import type { Dockerfiles, ReadDockerfile } from "./dockerfiles.ts";
import { layoutDigest } from "./oci-layout.ts";
import { mountPointsIn } from "./mount-points-in.ts";
import type { DigestSource, RecentDigests } from "./recent-digests.ts";

/** What the inputs of an image are gathered with. */
export interface ImageGathering {
  readonly dockerfiles: Dockerfiles;
  readonly mode: Mode;
  /** For what is known of base images. */
  readonly observed: Observed;
  readonly cacheDirectory: string;
  /** Where digests come from; without it every one is made. */
  readonly digests?: DigestSource;
  readonly signal: AbortSignal;
}

/** Digests what an image's build reads, and in dev mode the same without what dev binds hide. */
export async function gatherImage(project: Project, key: string, gathering: ImageGathering): Promise<ImageInputs> {
  const file = gathering.dockerfiles.get(key);
  if (!file) throw new Error(`the Dockerfile of image ${key} was not read`);
  const { image, dockerfile } = file;
  const scope: Scope = { ...file.scope, bases: knownBases(file, gathering.observed) };
  const context =
    image.context.kind === "directory" ? await digestDirectory(project, { ...file, scope }, gathering) : undefined;
  const named = await digestNamed(project, image, gathering);
  const files = fileInputs(context, named);
  const dev =
    context && gathering.mode === "dev"
      ? await devInputs(project, { file: { ...file, scope }, context, named }, gathering)
      : undefined;
  const declared = new Set(declaredArguments(dockerfile).map(({ name }) => name));
  return {
    key,
    files,
    ...(dev === undefined ? {} : { devFiles: dev }),
    dockerfile: sha256(dockerfile.text),
    args: Object.fromEntries(Object.entries(image.args).filter(([name]) => declared.has(name) || name === SOURCE_DATE)),
    references: file.references,
    unverified: unverified(file),
  };
}

/** Counts without being declared: it changes the times that the image holds. */
const SOURCE_DATE = "SOURCE_DATE_EPOCH";

type Marked = Pick<ContextEntry, "path" | "mark">;

/** The list is made when somebody asks for it: most runs compare nothing but the digest. */
function fileInputs(
  context: Pick<ContextDigest, "digest" | "entries"> | undefined,
  named: readonly Marked[],
): FileInputs {
  let files: FileInputs["files"] | undefined;
  return {
    digest: sha256Joined([context?.digest ?? "", ...named.map(({ path, mark }) => `${mark}\0${path}`)], "\0\0"),
    get files() {
      return (files ??= Object.fromEntries(pairs(context?.entries ?? [], named)));
    },
  };
}

// A hundred thousand entries need not be there in another form all at once.
function* pairs(...lists: readonly (readonly Marked[])[]): Generator<readonly [string, string]> {
  for (const entries of lists) for (const { path, mark } of entries) yield [path, mark];
}

/** Digests what a build reads of its context, which must be a directory. */
export async function digestDirectory(
  project: Project,
  file: ReadDockerfile,
  gathering: ImageGathering,
): Promise<ContextDigest> {
  const { image, scope } = file;
  if (image.context.kind !== "directory") throw new Error("the context is no directory");
  const { path } = image.context;
  const reads = contextReads(file.dockerfile, scope);
  const { patterns: ignore } = loadIgnore(path, file.path);
  return digested(project, { path, ignore, reads, use: image.key }, gathering);
}

/** Directories offered under a name count whole: what the Dockerfile takes from them is not looked into. */
async function digestNamed(project: Project, image: Image, gathering: ImageGathering): Promise<readonly Marked[]> {
  const contexts = Object.entries(image.contexts).toSorted(([a], [b]) => compareText(a, b));
  const digests = contexts.map(async ([name, context]): Promise<readonly Marked[]> => {
    if (context.kind === "layout") return [{ path: `${name}:index.json`, mark: await layoutDigest(context) }];
    if (context.kind !== "directory") return [];
    const { path } = context;
    const { patterns: ignore } = loadIgnore(path, undefined);
    const use = `${image.key}:${name}`;
    const digest = await digested(project, { path, ignore, reads: "everything", use }, gathering);
    return digest.entries.map(({ path, mark }) => ({ path: `${name}:${path}`, mark }));
  });
  return (await Promise.all(digests)).flat();
}

async function devInputs(
  project: Project,
  of: { readonly file: ReadDockerfile; readonly context: ContextDigest; readonly named: readonly Marked[] },
  gathering: ImageGathering,
): Promise<(FileInputs & { readonly hiddenTargets: readonly string[] }) | undefined> {
  const view = await devView(project, of.file.image.key, gathering.dockerfiles);
  if (!view) return undefined;
  const hiding = hiddenByBind(of.file.dockerfile, of.file.scope, { ...view, links: of.context.links });
  if (hiding.targets.length === 0) return undefined;
  // Of what sync rules keep in the containers the names count: what is not here any more must not be in the image.
  const entries = of.context.entries.flatMap((entry) => {
    if (!hiding.hides(entry.path)) return [entry];
    const counts = entry.kind !== "directory" && view.synced?.(entry.path) !== undefined;
    return counts ? [{ ...entry, mark: `synced ${entry.kind}` }] : [];
  });
  // A directory that only hidden files lie in is as hidden as they are.
  const files = fileInputs({ entries, digest: manifestDigest(entries) }, of.named);
  return Object.assign(files, { hiddenTargets: hiding.targets });
}

/** Names the history that is known of a context's files: another one when content changed under an equal size and time. */
export async function contextGeneration(cacheDirectory: string, directory: string): Promise<string> {
  return FileStatCache.generationOf(statFolder(cacheDirectory), directory);
}

function statFolder(cacheDirectory: string): string {
  return join(cacheDirectory, "stat");
}

/** What stands for a directory of the project and what it is used for. */
function contextSlot(project: Project, { path, use }: { readonly path: string; readonly use: string }): string {
  return `${project.name}\n${use}\n${path}`;
}

/** What this run has just seen of the directory that an image is built from. */
export function contextSeen(project: Project, image: Image, digests: RecentDigests): SeenTree | undefined {
  const { context } = image;
  return context.kind === "directory"
    ? digests.last(contextSlot(project, { path: context.path, use: image.key }))?.seen
    : undefined;
}

/** Digests a directory with all that is remembered of it. `use` tells what for: each use remembers what it saw. */
async function digested(
  project: Project,
  of: Pick<DigestRequest, "ignore" | "reads"> & { readonly path: string; readonly use: string },
  gathering: ImageGathering,
): Promise<ContextDigest> {
  const { path, ignore, reads } = of;
  const folder = statFolder(gathering.cacheDirectory);
  const mountPoints = mountPointsIn(project, path, gathering.dockerfiles);
  const slot = contextSlot(project, of);
  const memory = { folder, slot };
  const key = canonicalJson([ignore.patterns, reads, [...mountPoints].sort()]);
  const make = () => made({ path, folder, request: { ignore, reads, mountPoints, memory } }, gathering.signal);
  return gathering.digests ? gathering.digests.of({ slot, key }, make) : make();
}

async function made(
  of: { readonly path: string; readonly folder: string; readonly request: DigestRequest },
  signal: AbortSignal,
): Promise<ContextDigest> {
  const { path, folder } = of;
  let loaded: FileStatCache | undefined;
  const cache = async () => (loaded ??= await FileStatCache.load(folder, path));
  const digest = await digestContext(path, { ...of.request, cache }, signal);
  await loaded?.save(folder, path);
  return digest;
}

/** What is known of the base images of a Dockerfile, by how it names them. */
export function knownBases(file: ReadDockerfile, observed: Observed): ReadonlyMap<string, BaseImage> {
  const bases = new Map<string, BaseImage>();
  for (const [text, ref] of file.externalReferences) {
    const config = observed.images.find((image) => image.tags.includes(ref) || image.digests.includes(ref))?.config;
    if (!config) continue;
    const { onBuild: onbuild, environment: env, workingDir: workdir, volumes } = config;
    bases.set(text, { onbuild, env, workdir, volumes });
  }
  return bases;
}

function unverified(file: ReadDockerfile): readonly string[] {
  const { image } = file;
  const remote = remoteSources(file.dockerfile, file.scope).filter(({ pinned }) => !pinned);
  const contexts = Object.values(image.contexts).flatMap((context) => (context.kind === "url" ? [context.url] : []));
  return [...(image.context.kind === "url" ? [image.context.url] : []), ...contexts, ...remote.map(({ url }) => url)];
}
