import { linkedPaths } from "./linked.ts";
import { type MadeLink, madeLinks } from "./made-links.ts";
import type { Dockerfile } from "./parse.ts";
import { cleanPath, isWithin } from "./paths.ts";
import { type Places, placesOf } from "./places.ts";
import { actionReads, isOwnSyntax, sourceTest } from "./reads.ts";
import type { Action, ResolvedStage } from "./action.ts";
import { knownBase, type Scope } from "./scope.ts";
import type { Lines } from "./scan.ts";
import { type Build, buildOf, fileOrigins } from "./stages.ts";

/** What every user of an image shows over its files. */
export interface DevView {
  /** Bind mounts that all users have in common, by place in the container. */
  readonly binds: readonly { readonly target: string; readonly kind: "directory" | "file" }[];
  /** Places of all other mounts of any of them. */
  readonly otherMounts: readonly string[];
  /** The symbolic links of the context: where each is, and what it says. */
  readonly links: ReadonlyMap<string, string>;
  /** Where a sync rule keeps a path of the context in every container, if one does. */
  readonly synced?: (path: string) => string | undefined;
  /** Places that sync rules copy to. */
  readonly syncRoots?: readonly string[];
}

/** What a path of the context means for an image that is used under a dev view. */
export type Significance =
  /** Nothing that the target reaches reads it. */
  | { readonly kind: "unread" }
  /** It is read, but no container can see it: these are the places that it is put. */
  | { readonly kind: "hidden"; readonly places: readonly string[] }
  /** It takes part in the image, by the instruction on these lines. */
  | { readonly kind: "counts"; readonly because: Because; readonly lines: Lines };

/** Why a path counts though there are dev mounts. */
export type Because =
  | "unsure what the Dockerfile reads"
  | "the base image has ONBUILD"
  | "something else than a COPY of the target's own stages reads it"
  | "a flag of the COPY"
  | "its destination is not known"
  | "the place of a VOLUME is not known"
  | "its destination may be a link"
  | "a RUN follows"
  | "another stage uses it"
  | "a link leads to it"
  | "no bind mount covers it"
  | "another mount or a VOLUME covers it";

/** Decides path by path what a dev view hides (spec §3, dev digest, conditions b to e). */
export interface Hiding {
  /** `path` is clean and relative to the context. Links count as what they are, not as what they point to. */
  significance(path: string): Significance;
  /** Whether the path may be left out of the dev digest. */
  hides(path: string): boolean;
  /** The binds and synced places under which something may be hidden, for the record: sorted, empty when nothing is. */
  readonly targets: readonly string[];
}

/** A COPY, ADD or mount that reads the context. */
interface Reader {
  readonly lines: Lines;
  readonly reads: (path: string) => boolean;
  /** Why everything that it reads counts; undefined where the places decide. */
  readonly always?: Because;
  readonly places: readonly Places[];
}

/** Flags of COPY that change neither what is read nor where it goes. */
const HARMLESS_FLAGS = new Set(["chown", "chmod", "link"]);

/**
 * What binds hide of the files that a build reads. Whether only service containers with these mounts use the image, and
 * no other image starts or copies from it, is for the caller to see to (condition a). Base images that nobody looked at
 * are taken to have neither ONBUILD nor volumes; the built image shows it if they do.
 */
export function hiddenByBind(dockerfile: Dockerfile, scope: Scope, view: DevView): Hiding {
  const build = buildOf(dockerfile, scope);
  const whole: Lines = { start: 1, end: dockerfile.text.trimEnd().split("\n").length };
  if (!build || !build.certain || dockerfile.problems.length > 0 || !isOwnSyntax(dockerfile, scope)) {
    return everythingCounts("unsure what the Dockerfile reads", whole);
  }
  const volumes = declaredVolumes(build, scope);
  if (!volumes) return everythingCounts("the place of a VOLUME is not known", whole);
  const readers = findReaders(build, scope, view);
  if (readers === "everything") return everythingCounts("unsure what the Dockerfile reads", whole);
  const cover = coverOf(view, volumes);
  const significance = (path: string): Significance => significanceOf(path, readers, cover);
  return {
    significance,
    hides: (path) => significance(path).kind === "hidden",
    targets: readers.every((reader) => reader.always !== undefined) ? [] : cover.targets,
  };
}

function everythingCounts(because: Because, lines: Lines): Hiding {
  return { significance: () => ({ kind: "counts", because, lines }), hides: () => false, targets: [] };
}

function significanceOf(path: string, readers: readonly Reader[], cover: Cover): Significance {
  const found: string[] = [];
  for (const { lines, reads, always, places: ways } of readers) {
    if (!reads(path)) continue;
    if (always !== undefined) return { kind: "counts", because: always, lines };
    const places = ways.flatMap((way) => way(path) ?? []);
    if (places.length === 0) return { kind: "counts", because: "its destination is not known", lines };
    const uncovered = cover.uncovered(path, places);
    if (uncovered !== undefined) return { kind: "counts", because: uncovered, lines };
    found.push(...places);
  }
  return found.length === 0 ? { kind: "unread" } : { kind: "hidden", places: [...new Set(found)] };
}

/** Every instruction that the target reaches and that reads the context. */
function findReaders(build: Build, scope: Scope, view: DevView): readonly Reader[] | "everything" {
  const chainActions = build.chain.flatMap((stage) => stage.actions);
  const lastRun = chainActions.findLastIndex((action) => action.kind === "run");
  const links = knownLinks(chainActions, view);
  const onbuild = build.chain[0] && (knownBase(build.chain[0].origin, scope)?.onbuild.length ?? 0) > 0;
  const readers: Reader[] = [];
  for (const action of build.reachable.flatMap((stage) => stage.actions)) {
    const reads = actionReads(action);
    if (reads === "everything") return "everything";
    const sources = reads.flatMap((read) => read.sources);
    if (sources.length === 0) continue;
    const tests = sources.map(sourceTest);
    const always = onbuild
      ? "the base image has ONBUILD"
      : alwaysCounts(action, build, { position: chainActions.indexOf(action), lastRun, links });
    const destination = action.kind === "copy" ? action.destination : undefined;
    readers.push({
      lines: action.lines,
      reads: (path) => tests.some((test) => test(path)),
      ...(always === undefined ? {} : { always }),
      places: destination ? sources.map((source) => placesOf(source, destination)) : [],
    });
    const linked = linkedPaths(sources, view.links).map(sourceTest);
    if (linked.length === 0) continue;
    const leads = (path: string): boolean => linked.some((test) => test(path));
    readers.push({ lines: action.lines, reads: leads, always: "a link leads to it", places: [] });
  }
  return readers;
}

function alwaysCounts(
  action: Action,
  build: Build,
  place: { readonly position: number; readonly lastRun: number; readonly links: readonly MadeLink[] },
): Because | undefined {
  if (action.kind !== "copy" || place.position < 0)
    return "something else than a COPY of the target's own stages reads it";
  if (action.flags.some((flag) => !HARMLESS_FLAGS.has(flag.name))) return "a flag of the COPY";
  const { destination } = action;
  if (!destination) return "its destination is not known";
  if (place.links.some((link) => isWithin(link.path, destination.path) && link.before <= place.position)) {
    return "its destination may be a link";
  }
  if (place.position < place.lastRun) return "a RUN follows";
  return isUsedElsewhere(action.stage, build) ? "another stage uses it" : undefined;
}

/** Whether anything but the chain's own inheritance uses the state of a chain's stage, or of a later one of the chain. */
function isUsedElsewhere(index: number, { chain, reachable }: Build): boolean {
  const from = chain.findIndex((stage) => stage.index === index);
  const carriers = new Set(chain.slice(from).map((stage) => stage.index));
  const startsFrom = (stage: ResolvedStage): boolean =>
    !chain.includes(stage) && stage.origin.kind === "stage" && carriers.has(stage.origin.index);
  const takesFrom = (action: Action): boolean =>
    fileOrigins(action).some((origin) => origin.kind === "stage" && carriers.has(origin.index));
  return reachable.some((stage) => startsFrom(stage) || stage.actions.some(takesFrom));
}

/** Places below a bind that are links by what the Dockerfile says: made by RUN, or copied from the context. */
function knownLinks(actions: readonly Action[], view: DevView): readonly MadeLink[] {
  const roots = [...view.binds.map((bind) => bind.target), ...(view.syncRoots ?? [])].map(cleanPath);
  const inBind = (path: string): boolean => roots.some((root) => path !== root && isWithin(root, path));
  return madeLinks(actions, [...view.links.keys()]).filter((link) => inBind(link.path));
}

/** The VOLUMEs of the chain and of its base; undefined where one can't be told. */
export function declaredVolumes({ chain }: Build, scope: Scope): readonly string[] | undefined {
  const volumes = chain.flatMap((stage) => knownBase(stage.origin, scope)?.volumes ?? []);
  for (const action of chain.flatMap((stage) => stage.actions)) {
    if (action.kind !== "volume") continue;
    for (const path of action.paths) {
      if (path === undefined) return undefined;
      volumes.push(path);
    }
  }
  return volumes.map((path) => cleanPath(`/${path}`));
}

/** The part of a container's file system where the image's files can't be seen. */
interface Cover {
  readonly targets: readonly string[];
  /** Why one of the places can be seen; undefined when none can. */
  uncovered(path: string, places: readonly string[]): Because | undefined;
}

function coverOf(view: DevView, volumes: readonly string[]): Cover {
  const binds = view.binds.map((bind) => ({ kind: bind.kind, target: cleanPath(bind.target) }));
  const others = [...view.otherMounts.map(cleanPath), ...volumes];
  const isBound = (place: string): boolean =>
    // A file put where a directory is bound would be the mount point itself, and keep it from being one.
    binds.some(({ kind, target }) => isWithin(target, place) && (kind === "file" || place !== target));
  return {
    targets: [...new Set([...binds.map((bind) => bind.target), ...(view.syncRoots ?? []).map(cleanPath)])].sort(),
    uncovered: (path, places) => {
      const synced = view.synced?.(path);
      if (!places.every((place) => isBound(place) || place === synced)) return "no bind mount covers it";
      const shown = places.some((place) => others.some((other) => isWithin(other, place)));
      return shown ? "another mount or a VOLUME covers it" : undefined;
    },
  };
}
