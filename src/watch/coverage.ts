import { basename, dirname } from "node:path";
import { isEphemeral } from "./ephemeral.ts";

/** One reason to watch a place: a build context, a bind's source, a rule's path, a file that is read. */
export interface Claim {
  /** Stands for what this claim covers: equal keys cover the same. */
  readonly key: string;
  /** Absolute. For `files`, the directory that holds them. */
  readonly root: string;
  /** Whether the root is itself a link: looking at it as an entry of the directory above does not lead into it. */
  readonly linked?: boolean;
  readonly what:
    /** Only these names, nothing below. */
    | { readonly kind: "files"; readonly names: ReadonlySet<string> }
    | {
        readonly kind: "tree";
        /** Whether a directory and all below is left out; asked only for directories whose parents are in. */
        readonly prunes: (path: string) => boolean;
        /** Whether a single file is left out. */
        readonly leavesOut: (path: string) => boolean;
      };
}

/** What is watched: the union of claims. A directory that no claim wants is never entered. */
export interface Coverage {
  readonly key: string;
  /** Directories from which all others are reached; none of them is reached from another one. */
  readonly roots: readonly string[];
  /** Whether the entries of a directory are of interest. */
  coversDirectory(path: string): boolean;
  coversFile(path: string): boolean;
  /** Whether a tree that is asked for begins here. */
  isRoot(path: string): boolean;
}

/** The coverage of a list of claims. What is found out about a directory is remembered, so asking about its entries is cheap. */
export function coverageOf(claims: readonly Claim[]): Coverage {
  const byRoot = new Map<string, Claim[]>();
  for (const claim of claims) byRoot.set(claim.root, [...(byRoot.get(claim.root) ?? []), claim]);
  const known = new Map<string, readonly Claim[]>();
  const inherited = (directory: string): readonly Claim[] => {
    const parent = dirname(directory);
    return parent === directory ? [] : alive(parent).filter((claim) => goesInto(claim, directory));
  };
  const alive = (directory: string): readonly Claim[] => {
    const before = known.get(directory);
    if (before) return before;
    const found = [...inherited(directory), ...(byRoot.get(directory) ?? [])];
    known.set(directory, found);
    return found;
  };
  return {
    key: claims
      .map((claim) => claim.key)
      .toSorted()
      .join("\n"),
    roots: [...byRoot]
      .filter(([root, [claim]]) => claim?.linked || root === dirname(root) || alive(dirname(root)).length === 0)
      .map(([root]) => root)
      .toSorted(),
    // Asked for names that may be files, too: those must not fill the memory.
    coversDirectory: (path) => byRoot.has(path) || inherited(path).length > 0,
    isRoot: (path) => byRoot.get(path)?.some(({ what }) => what.kind === "tree") ?? false,
    coversFile: (path) => alive(dirname(path)).some((claim) => takes(claim, path)),
  };
}

function goesInto({ what }: Claim, directory: string): boolean {
  return what.kind === "tree" && !what.prunes(directory);
}

function takes({ what }: Claim, path: string): boolean {
  const name = basename(path);
  return what.kind === "files" ? what.names.has(name) : !isEphemeral(name) && !what.leavesOut(path);
}
