import { dirname, isAbsolute, join, resolve } from "node:path";
import type { Diagnostic, Location, Source } from "../diagnostic.ts";
import { type Mistake, quote } from "./findings.ts";
import { interpolate, type Lookup } from "./interpolate.ts";
import { joinTrees } from "./join-trees.ts";
import type { Parsed } from "./parsed.ts";
import { type Scalar, type Tree, treeAt } from "./tree.ts";
import { nameOf, wrongType } from "./validate.ts";

/** Files that a project may include, and all their text in UTF-16 units; nobody writes more, and every one of them is read at each start. */
const MAX_FILES = 100;
const MAX_TEXT = 4 * 1024 * 1024;

/** A file that was parsed. */
export interface ProjectFile {
  /** Absolute. */
  readonly path: string;
  readonly source: Source;
  readonly parsed: Parsed;
}

/** What became of a file that another one includes. */
export type Included =
  | { readonly kind: "read"; readonly file: ProjectFile }
  | { readonly kind: "missing" }
  | { readonly kind: "unusable"; readonly message: string; readonly hint?: string };

/** What files are included with. */
export interface IncludeOptions {
  /** Variables for the paths; those of `vars` are none of them, since included files have a part in `vars`. */
  readonly lookup: Lookup;
  /** The caller's home directory, for `~`. */
  readonly home: string | undefined;
  /** Reads and parses a file, given by its absolute path. */
  readonly read: (path: string) => Promise<Included>;
}

/** A project file with all that it includes as one. */
export interface Joined {
  readonly parsed: Parsed;
  /** Absolute paths of the files that were included, or should have been. */
  readonly files: readonly string[];
}

/**
 * Joins a project file with the files that it includes, and with what those include. A file that is included more than
 * once counts once. Where one can't be had or understood there is no tree, so that nothing is said about what it lacks.
 */
export async function includeFiles(root: ProjectFile, options: IncludeOptions): Promise<Joined> {
  const { tree } = root.parsed;
  if (!tree || treeAt(tree, ["include"]) === undefined) return { parsed: root.parsed, files: [] };
  const diagnostics: Diagnostic[] = [...root.parsed.diagnostics];
  const trees: Tree[] = [tree];
  const known = new Set<string>();
  let length = 0;
  let usable = true;

  const refuse = (at: Location, mistake: Mistake): undefined => {
    usable = false;
    const { code, message, hint } = mistake;
    diagnostics.push({ severity: "error", code, message, at, ...(hint !== undefined && { hint }) });
  };

  const include = async (item: Scalar, path: string, chain: readonly ProjectFile[]): Promise<void> => {
    const first = chain.findIndex((file) => file.path === path);
    if (first >= 0) {
      const names = chain.slice(first).map(({ source }) => source.file);
      const message = `files include one another: ${[...names, names[0]].join(" → ")}`;
      return refuse(item.at, { code: "dependency-cycle", message });
    }
    if (known.has(path)) return;
    if (known.size >= MAX_FILES)
      return refuse(item.at, { code: "include-limit", message: `more than ${MAX_FILES} files are included` });
    known.add(path);
    const found = await options.read(path);
    if (found.kind !== "read") return refuse(item.at, unavailable(item, found));
    const { parsed, source } = found.file;
    length += source.text.length;
    if (length > MAX_TEXT)
      return refuse(item.at, { code: "include-limit", message: "the included files are larger than 4 MiB together" });
    diagnostics.push(...parsed.diagnostics);
    if (!parsed.tree) usable = false;
    else if (parsed.tree.kind === "map") {
      trees.push(parsed.tree);
      await visit({ ...found.file, parsed }, chain);
    } else if (parsed.tree.kind === "list" || parsed.tree.value !== null)
      refuse(parsed.tree.at, wrongType(["object"], parsed.tree, nameOf([])));
  };

  const visit = async (file: ProjectFile, above: readonly ProjectFile[]): Promise<void> => {
    const chain = [...above, file];
    const list = file.parsed.tree && treeAt(file.parsed.tree, ["include"]);
    if (list === undefined) return;
    if (list.kind !== "list") return refuse(list.at, wrongType(["array"], list, nameOf(["include"])));
    for (const [index, item] of list.items.entries()) {
      if (item.kind !== "scalar" || typeof item.value !== "string")
        refuse(item.at, wrongType(["string"], item, nameOf(["include", index])));
      else {
        const path = pathOf(item, dirname(file.path), options);
        if (typeof path === "string") await include(item, path, chain);
        else refuse(item.at, path);
      }
    }
  };

  await visit(root, []);
  const files = [...known];
  if (!usable) return { parsed: { tree: undefined, diagnostics }, files };
  const joined = joinTrees(trees);
  return { parsed: { tree: joined.tree, diagnostics: [...diagnostics, ...joined.diagnostics] }, files };
}

/** The absolute path that an item names, or what is wrong with it. */
function pathOf(item: Scalar, directory: string, { lookup, home }: IncludeOptions): string | Mistake {
  const result = interpolate(item.text, lookup);
  if (result.kind !== "text") {
    const unset = result.code === "unset-variable";
    return unset
      ? { ...result, hint: "paths of `include` can't use `vars`; set it outside, or give a default" }
      : result;
  }
  const { text } = result;
  if (text === "") return { code: "invalid-value", message: `${quote(item.written)} names no file` };
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || text.startsWith("git@"))
    return { code: "invalid-value", message: `${quote(item.written)} is no file of this machine` };
  if (home !== undefined && text.startsWith("~/")) return join(home, text.slice(2));
  return isAbsolute(text) ? resolve(text) : resolve(directory, text);
}

function unavailable(item: Scalar, found: Exclude<Included, { kind: "read" }>): Mistake {
  const code = "invalid-include";
  if (found.kind === "unusable") return { code, message: found.message, hint: found.hint };
  const hint = "paths are relative to the file that names them";
  return { code, message: `${quote(item.written)} does not exist`, hint };
}
