import type { Diagnostic, Location } from "../diagnostic.ts";
import { mapTree } from "./edit-tree.ts";
import { quote } from "./findings.ts";
import { MAX_KEYS } from "./parsed.ts";
import type { Entry, Tree } from "./tree.ts";
import { nameOf, wrongType } from "./validate.ts";

/** Keys of the top level whose maps hold what all files declare. */
const SECTIONS = new Set(["vars", "images", "services", "networks", "volumes", "secrets", "configs", "groups"]);

/**
 * Makes one tree of those of several files, the project file's first. Each file declares a part of what `vars`, `images`,
 * `services` and the like hold; a key of one of them that two files have is an error that names both. `name` is the
 * project file's own. Without a tree where what one of them holds is no map.
 */
export function joinTrees(trees: readonly Tree[]): {
  readonly tree: Tree | undefined;
  readonly diagnostics: readonly Diagnostic[];
} {
  const diagnostics: Diagnostic[] = [];
  const joined = new Map<string, Entry>();
  let usable = true;
  for (const [index, tree] of trees.entries()) {
    const isRoot = index === 0;
    for (const [key, entry] of tree.kind === "map" ? tree.entries : []) {
      if (key === "include" || (!isRoot && (key === "name" || key.startsWith("x-")))) continue;
      const before = joined.get(key);
      if (!SECTIONS.has(key)) {
        // One that no file may have is told where it is first met.
        if (!before) joined.set(key, entry);
      } else if (entry.value.kind !== "map") {
        usable = false;
        diagnostics.push({ severity: "error", at: placeOf(entry), ...mistakeIn(key, entry.value) });
      } else if (before) {
        const both = joinSections(key, { before: before.value, value: entry.value });
        diagnostics.push(...both.diagnostics);
        joined.set(key, { ...before, value: both.tree });
      } else joined.set(key, entry);
    }
  }
  const [root] = trees;
  return { tree: usable && root ? mapTree(joined, root.at) : undefined, diagnostics };
}

function joinSections(
  section: string,
  of: { readonly before: Tree; readonly value: Tree },
): { readonly tree: Tree; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const entries = new Map(of.before.kind === "map" ? of.before.entries : []);
  const report = (at: Location, words: Pick<Diagnostic, "code" | "message" | "related" | "hint">): void => {
    diagnostics.push({ severity: "error", ...words, at });
  };
  for (const [key, entry] of of.value.kind === "map" ? of.value.entries : []) {
    const first = entries.get(key);
    if (!first) entries.set(key, entry);
    else if (!key.startsWith("x-")) {
      const message = `${quote(`${section}.${key}`)} is defined in two files`;
      const related = [{ message: "first defined here", at: first.key }];
      const hint = "define it in one of them: every file sees what the others define";
      report(entry.key, { code: "duplicate-key", message, related, hint });
    }
  }
  if (entries.size > MAX_KEYS) {
    const message = `${nameOf([section])} has more than ${MAX_KEYS} keys in all files together`;
    report(of.value.at, { code: "yaml-limit", message });
  }
  return { tree: mapTree(entries, of.before.at), diagnostics };
}

function mistakeIn(key: string, value: Tree): Pick<Diagnostic, "code" | "message" | "hint"> {
  const { code, message, hint } = wrongType(["object"], value, nameOf([key]));
  return { code, message, ...(hint !== undefined && { hint }) };
}

/** Nothing at all, as behind `services:`, stands nowhere: then it is the key that is meant. */
function placeOf({ key, value }: Entry): Location {
  return value.at.span.end > value.at.span.start ? value.at : key;
}
