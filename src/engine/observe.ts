import { DockError } from "../error.ts";
import type { Observed, ObservedContainer, ObservedEngine, ObservedImage, ObservedLive } from "../plan/observed.ts";
import type { ContainerDetail } from "./container-detail.ts";
import { LABEL } from "../plan/labels.ts";
import { Semaphore } from "../std/semaphore.ts";
import type { Engine } from "./engine.ts";
import { splitRef } from "./image-ref.ts";

/** What of an engine a project is concerned with. */
export interface Scope {
  readonly project: string;
  /** Names that the project wants its objects to have: what holds them without being its own is observed too. */
  readonly wantedNames: {
    readonly containers: readonly string[];
    readonly networks: readonly string[];
    readonly volumes: readonly string[];
  };
  /** Whether images are built for it, which have to do with the engine's version and platform. */
  readonly builds?: boolean;
}

/**
 * What the engine has of a project, in four calls at once (five where images are built), and one more for each kind of
 * object of which a wanted name is not among the project's own.
 */
export async function observe(engine: Engine, scope: Scope, signal: AbortSignal): Promise<Observed> {
  const { wantedNames } = scope;
  const labels = [`${LABEL.project}=${scope.project}`];
  const [self, labeled, networks, volumes, images] = await Promise.all([
    describe(engine, scope, signal),
    engine.listContainers({ labels }, signal),
    byLabelAndName((filter) => engine.listNetworks(filter, signal), labels, wantedNames.networks),
    byLabelAndName((filter) => engine.listVolumes(filter, signal), labels, wantedNames.volumes),
    engine.listImages(signal),
  ]);
  const listed = labeled.filter((container) => container.labels[LABEL.oneOff] === undefined);
  const holders = await findHolders(engine, { own: listed, wanted: wantedNames.containers }, signal);
  // One that was being made while the lists were taken is the project's own all the same.
  const isOwn = ({ labels: { [LABEL.project]: project, [LABEL.oneOff]: oneOff } }: ObservedContainer): boolean =>
    project === scope.project && oneOff === undefined;
  const containers = [...listed, ...holders.filter(isOwn)];
  const foreignContainers = holders
    .filter((holder) => !isOwn(holder))
    .map((holder) => ({ id: holder.id, name: holder.name, labels: holder.labels }));
  const withUntagged = await addUnlisted(engine, { images, containers }, signal);
  return {
    engine: self,
    containers,
    networks,
    volumes,
    images: withUntagged,
    foreignContainers,
  };
}

/** Fills `live` of the containers with these ids; one that has gone meanwhile is left out of the result. */
export async function inspectDiffering(
  engine: Engine,
  request: { readonly observed: Observed; readonly ids: readonly string[] },
  signal: AbortSignal,
): Promise<Observed> {
  const { observed, ids } = request;
  const wanted = new Set(ids);
  const containers = await inspectEach(
    observed.containers,
    async (container): Promise<ObservedContainer | undefined> => {
      if (!wanted.has(container.id)) return container;
      const detail = await unlessGone(engine.inspectContainer(container.id, signal));
      return detail && { ...container, live: liveOf(detail) };
    },
  );
  return { ...observed, containers: containers.filter((container) => container !== undefined) };
}

/** Fills `members` of the networks with these ids; one that has gone meanwhile is left out of the result. */
export async function inspectNetworks(
  engine: Engine,
  request: { readonly observed: Observed; readonly ids: readonly string[] },
  signal: AbortSignal,
): Promise<Observed> {
  const { observed, ids } = request;
  const networks = await inspectEach(observed.networks, async (network) => {
    if (!ids.includes(network.id)) return network;
    const members = await unlessGone(engine.networkMembers(network.id, signal));
    return members && { ...network, members };
  });
  return { ...observed, networks: networks.filter((network) => network !== undefined) };
}

/** Which images have to be looked at more closely. */
export interface ImageQuestions {
  /** Repositories (names without tag) of whose images the time of tagging is needed. */
  readonly taggedTimes: readonly string[];
  /** References of images whose configuration is needed; what the engine does not have is passed over. */
  readonly configs: readonly string[];
}

/** Fills `lastTagged` and `config` of the images that the questions are about. */
export async function inspectImages(
  engine: Engine,
  request: { readonly observed: Observed; readonly questions: ImageQuestions },
  signal: AbortSignal,
): Promise<Observed> {
  const { observed, questions } = request;
  const repositories = new Set(questions.taggedTimes);
  const timed = observed.images.filter((image) => image.tags.some((tag) => repositories.has(splitRef(tag).name)));
  const refs = [...new Set([...questions.configs, ...timed.map((image) => image.id)])];
  const details = await inspectEach(refs, async (ref) => engine.inspectImage(ref, signal));
  const found = new Map(details.filter((detail) => detail !== undefined).map((detail) => [detail.id, detail]));
  const images = observed.images.map((image): ObservedImage => {
    const detail = found.get(image.id);
    if (!detail) return image;
    const { lastTagged, config } = detail;
    return { ...image, config, ...(lastTagged === undefined ? {} : { lastTagged }) };
  });
  return { ...observed, images };
}

async function describe(engine: Engine, scope: Scope, signal: AbortSignal): Promise<ObservedEngine> {
  if (scope.builds === true) {
    const { apiVersion, version, platform, remote } = await engine.info(signal);
    return { apiVersion, version, platform, remote };
  }
  const { apiVersion, remote } = await engine.greeting(signal);
  return { apiVersion, version: undefined, platform: undefined, remote };
}

interface Named {
  readonly name: string;
}

/** Own objects by label, and by name those wanted names that no own object has. */
async function byLabelAndName<T extends Named>(
  list: (filter: { labels?: readonly string[]; names?: readonly string[] }) => Promise<readonly T[]>,
  labels: readonly string[],
  wanted: readonly string[],
): Promise<readonly T[]> {
  const own = await list({ labels });
  const names = missingNames(own, wanted);
  // An object may have got the label between the two calls.
  const others = names.length === 0 ? [] : await list({ names });
  return [...own, ...others.filter((object) => !own.some((known) => known.name === object.name))];
}

function missingNames(own: readonly Named[], wanted: readonly string[]): readonly string[] {
  const known = new Set(own.map((object) => object.name));
  return [...new Set(wanted)].filter((name) => !known.has(name));
}

/** Who holds the wanted names: other containers, and one-off ones of the project itself. */
async function findHolders(
  engine: Engine,
  names: { readonly own: readonly ObservedContainer[]; readonly wanted: readonly string[] },
  signal: AbortSignal,
): Promise<readonly ObservedContainer[]> {
  const missing = missingNames(names.own, names.wanted);
  if (missing.length === 0) return [];
  const holders = await engine.listContainers({ names: missing }, signal);
  const ownIds = new Set(names.own.map((container) => container.id));
  return holders.filter((holder) => !ownIds.has(holder.id));
}

/** Lists leave out images without a tag that others are made from; an own container may run one. */
async function addUnlisted(
  engine: Engine,
  known: { readonly images: readonly ObservedImage[]; readonly containers: readonly ObservedContainer[] },
  signal: AbortSignal,
): Promise<readonly ObservedImage[]> {
  const used = new Set(known.containers.map((container) => container.imageId));
  const listed = new Set(known.images.map((image) => image.id));
  const unlisted = [...used].filter((id) => !listed.has(id));
  const details = await inspectEach(unlisted, async (id) => engine.inspectImage(id, signal));
  const found = details
    .filter((detail) => detail !== undefined)
    .map(({ id, tags, digests }) => ({ id, tags, digests }));
  return [...known.images.filter((image) => image.tags.length > 0 || used.has(image.id)), ...found];
}

async function inspectEach<T, R>(items: readonly T[], inspect: (item: T) => Promise<R>): Promise<R[]> {
  const limit = new Semaphore(8);
  return Promise.all(items.map((item) => limit.run(() => inspect(item))));
}

function liveOf({ environment, restart, limits }: ContainerDetail): ObservedLive {
  return { environment, restart, limits };
}

async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof DockError && error.status === 404) return undefined;
    throw error;
  }
}
