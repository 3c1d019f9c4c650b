import type { WatchRule } from "../project/dev-model.ts";
import { compareText } from "../std/digest.ts";
import type { FileState } from "./file-state.ts";
import type { Snapshot } from "./snapshot.ts";
import { ruleTakes, ruleTarget } from "../gather/watch-rule.ts";

/** An entry that a sync rule keeps in a service's containers. */
export interface Copy {
  /** Absolute path on this machine. */
  readonly source: string;
  /** Absolute path in the container. */
  readonly target: string;
  /** What its rule syncs to, in the container. */
  readonly root: string;
  readonly kind: FileState["kind"];
  /** A file that the container has already with another content: its inode is to stay. */
  readonly inPlace?: boolean;
}

/** What brings a container up to date: first the deletions, then the copies, parents before what is in them. */
export interface Transfer {
  readonly deletes: readonly string[];
  readonly copies: readonly Copy[];
}

/** Content by container path, as a container was last known to have it. After a transfer it is what was wanted. */
export type Contents = ReadonlyMap<string, { readonly content: string }>;

/** What the sync rules of a service want in its containers, by container path. */
export type Wanted = ReadonlyMap<string, Copy & { readonly content: string }>;

/** What the sync rules want now: every covered entry that a sync rule is the first rule to take. */
export function wantedCopies(rules: readonly WatchRule[], snapshot: Snapshot): Wanted {
  const wanted = new Map<string, Copy & { readonly content: string }>();
  for (const rule of rules) {
    if (rule.target === undefined) continue;
    const own = snapshot.at(rule.path);
    const entries = own && own.kind !== "directory" ? [{ path: rule.path, state: own }] : snapshot.below(rule.path);
    for (const { path, state } of entries) {
      if (rules.find((candidate) => ruleTakes(candidate, path)) !== rule) continue;
      const target = ruleTarget(rule, path);
      const content = state.content ?? (state.kind === "directory" ? "directory" : `${state.size} ${state.mtimeMs}`);
      if (!wanted.has(target))
        wanted.set(target, { source: path, target, root: rule.target, kind: state.kind, content });
    }
  }
  return wanted;
}

/** What is to be done to a container that has `contents` so that it has what is wanted. What it was not known to have stays. */
export function transfer(contents: Contents, wanted: Wanted): Transfer {
  const deletes: string[] = [];
  for (const [target, { content }] of contents) {
    const wish = wanted.get(target);
    if (!wish || isDirectory(content) !== isDirectory(wish.content)) deletes.push(target);
  }
  const gone = new Set(deletes);
  const copies = [...wanted.values()].filter(
    ({ target, content }) => contents.get(target)?.content !== content || hasParentIn(gone, target),
  );
  return {
    deletes: deletes.filter((target) => !hasParentIn(gone, target)).toSorted(compareText),
    copies: copies
      .map((copy) => (isThere(contents, gone, copy) ? { ...copy, inPlace: true } : copy))
      .toSorted((a, b) => compareText(a.target, b.target)),
  };
}

/** The same for one container, and what it holds then: one that does not run keeps what is to be deleted until it does. */
export function transferTo(
  { running }: { readonly running: boolean },
  before: Contents,
  wanted: Wanted,
): Transfer & { readonly contents: Contents } {
  const { deletes, copies } = transfer(before, wanted);
  if (running || deletes.length === 0) return { deletes, copies, contents: wanted };
  const gone = new Set(deletes);
  const isKept = (target: string): boolean => gone.has(target) || hasParentIn(gone, target);
  const kept = [...before].filter(([target]) => isKept(target));
  return {
    deletes: [],
    copies: copies.filter(({ target }) => !isKept(target)),
    contents: new Map([...[...wanted].filter(([target]) => !isKept(target)), ...kept]),
  };
}

/** The contents of a container after a transfer that failed: anything may be there, nothing is sure. */
export function uncertain(before: Contents, wanted: Wanted): Contents {
  const all = [...before, ...wanted];
  return new Map(all.map(([target, { content }]) => [target, { content: `${content}?` }]));
}

/** Nothing is known of what a failed transfer left; a link is replaced, or its target would be written. */
function isThere(contents: Contents, gone: ReadonlySet<string>, { target, kind }: Copy): boolean {
  const content = contents.get(target)?.content;
  if (kind !== "file" || content === undefined || gone.has(target) || hasParentIn(gone, target)) return false;
  return !isDirectory(content);
}

function isDirectory(content: string): boolean {
  return content.startsWith("directory");
}

function hasParentIn(paths: ReadonlySet<string>, path: string): boolean {
  if (paths.size === 0) return false;
  for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
    if (paths.has(path.slice(0, slash))) return true;
  }
  return false;
}
