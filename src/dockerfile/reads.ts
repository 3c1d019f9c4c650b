import type { Dockerfile } from "./parse.ts";
import { compilePattern } from "./pattern.ts";
import { contextPath } from "./paths.ts";
import type { Action, Origin } from "./action.ts";
import type { Scope } from "./scope.ts";
import type { Lines } from "./scan.ts";
import { buildOf } from "./stages.ts";

/** What one instruction takes from the build context. */
export interface ContextRead {
  readonly kind: "copy" | "add" | "mount";
  /** Patterns relative to the context, clean, as BuildKit follows them; "" is the whole context. */
  readonly sources: readonly string[];
  readonly stage: number;
  readonly lines: Lines;
}

/** What the target may read of its context, or "everything" where that can't be told. */
export type ContextReads = readonly ContextRead[] | "everything";

/** A source of ADD that is no file of the context. */
export interface RemoteSource {
  readonly url: string;
  /** Names its content: a checksum, or a git commit. */
  readonly pinned: boolean;
  readonly lines: Lines;
}

/**
 * What COPY, ADD and bind mounts of the stages that the target reaches may read of the context. Takes more than is
 * read rather than less: `--exclude` is not looked at, and an unknown value, a foreign syntax or a mistake in the file
 * makes it everything. A base image that nobody looked at (`Scope.bases`) is taken to have no ONBUILD.
 */
export function contextReads(dockerfile: Dockerfile, scope: Scope): ContextReads {
  const build = buildOf(dockerfile, scope);
  if (!build || dockerfile.problems.length > 0 || !isOwnSyntax(dockerfile, scope)) return "everything";
  const reads: ContextRead[] = [];
  for (const action of build.reachable.flatMap((stage) => stage.actions)) {
    const found = actionReads(action);
    if (found === "everything") return "everything";
    reads.push(...found);
  }
  return reads;
}

/** What the target may read of each named context that it uses at all; a stage that starts from one reads everything. */
export function namedContextReads(dockerfile: Dockerfile, scope: Scope): ReadonlyMap<string, ContextReads> {
  const stages = buildOf(dockerfile, scope)?.reachable ?? [];
  const replaced = new Map(
    stages.flatMap(({ index, origin, replaced: stands }) =>
      stands && origin.kind === "context" ? [[index, origin.name] as const] : [],
    ),
  );
  const nameOf = (origin: Origin): string | undefined =>
    origin.kind === "stage" ? replaced.get(origin.index) : origin.kind === "context" ? origin.name : undefined;
  const reads = new Map<string, ContextReads>();
  const note = (origin: Origin | undefined, read: ContextReads): void => {
    const name = origin && nameOf(origin);
    if (name === undefined) return;
    const known = reads.get(name) ?? [];
    reads.set(name, known === "everything" || read === "everything" ? "everything" : [...known, ...read]);
  };
  for (const stage of stages) {
    if (!replaced.has(stage.index)) note(stage.origin, "everything");
    for (const action of stage.actions) {
      if (action.kind === "run") for (const mount of action.mounts) note(mount.from, readOf(action, [mount.source]));
      else if (action.kind !== "volume") note(action.from, readOf(action, action.sources));
    }
  }
  return reads;
}

/** What one action may read of the context. */
export function actionReads(action: Action): ContextReads {
  if (action.kind === "volume") return [];
  if (action.kind === "run")
    return readOf(
      action,
      action.mounts.filter(readsContext).map((mount) => mount.source),
    );
  if (action.from) return [];
  return readOf(
    action,
    action.sources.filter((source) => action.kind !== "add" || source === undefined || !isRemote(source)),
  );
}

function readOf({ kind, lines, stage }: Action, written: readonly (string | undefined)[]): ContextReads {
  const sources: string[] = [];
  for (const source of written) {
    const path = source === undefined ? undefined : contextPath(source);
    if (path === undefined || (path !== "" && !compilePattern(path))) return "everything";
    sources.push(path);
  }
  return sources.length === 0
    ? []
    : [{ kind: kind === "copy" || kind === "add" ? kind : "mount", sources, stage, lines }];
}

function readsContext(mount: Extract<Action, { kind: "run" }>["mounts"][number]): boolean {
  return !mount.from && (mount.type === undefined || mount.type === "bind");
}

/** A test whether one of the reads may see a path of the context, links aside. */
export function mayRead(reads: ContextReads): (path: string) => boolean {
  if (reads === "everything") return () => true;
  const tests = [...new Set(reads.flatMap((read) => read.sources))].map(sourceTest);
  return (path) => tests.some((test) => test(path));
}

/** A test whether a path is what a source names, or lies below it, in the terms of BuildKit's transfer. */
export function sourceTest(source: string): (path: string) => boolean {
  if (source === "") return () => true;
  const test = compilePattern(source) ?? (() => true);
  return (path) => {
    for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
      if (test(path.slice(0, slash))) return true;
    }
    return test(path);
  };
}

/** The URLs and git repositories that ADD fetches in the stages that the target reaches. */
export function remoteSources(dockerfile: Dockerfile, scope: Scope): readonly RemoteSource[] {
  const actions = buildOf(dockerfile, scope)?.reachable.flatMap((stage) => stage.actions) ?? [];
  return actions.flatMap((action) => {
    if (action.kind !== "add") return [];
    const checked = action.flags.some((flag) => flag.name === "checksum" && flag.value !== undefined);
    return action.sources.flatMap((url) =>
      url !== undefined && isRemote(url) ? [{ url, pinned: checked || namesCommit(url), lines: action.lines }] : [],
    );
  });
}

function isRemote(source: string): boolean {
  return /^(?:https?|git|ssh):\/\//.test(source) || /^[\w.-]+@[\w.-]+:/.test(source);
}

function namesCommit(url: string): boolean {
  const isGit = /^(?:git|ssh):|^[^/]+@|\.git(?:[#?]|$)/.test(url);
  return isGit && /[#?&](?:ref=|commit=|checksum=)?[0-9a-f]{40}(?:$|[:&])/.test(url);
}

/** Another frontend may give the file another meaning. */
export function isOwnSyntax({ directives }: Dockerfile, scope: Scope): boolean {
  const syntax = scope.args?.["BUILDKIT_SYNTAX"] ?? directives.syntax;
  return syntax === undefined || /^(?:docker\.io\/)?docker\/dockerfile(?:-upstream)?(?:[:@]|$)/.test(syntax.trim());
}
