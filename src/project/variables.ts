import { checkTypes, defaultOf } from "./declared-variables.ts";
import { quote, type Findings } from "./findings.ts";
import { isOpenPlace, type VariableUse } from "./hidden-values.ts";
import { interpolate, type Lookup } from "./interpolate.ts";
import { treeAt, type Entry, type Path, type Scalar, type Tree } from "./tree.ts";

/** All text that variables may add to one file. */
const MAX_ADDED = 4 * 1024 * 1024;

/** The sources of variables that lie outside the file, weakest first. */
export interface VariableSources {
  readonly dotenv: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly vars: Readonly<Record<string, string>>;
}

/** The variables of one file. */
export interface Variables {
  readonly lookup: Lookup;
  /** Entries of `vars` that have no value because of a mistake, which has been reported. */
  readonly broken: ReadonlySet<string>;
  /** Those from outside the file that it has used so far. */
  readonly uses: ReadonlyMap<string, VariableUse>;
  /** As `lookup`, for a value that stands at a path. */
  readonly lookupAt: (path: Path) => Lookup;
}

/** How `${NAME}` is looked up in this file: `vars`, `.env`, the environment, `--var`, weakest first. */
export function readVariables(tree: Tree, sources: VariableSources, findings: Findings): Variables {
  const broken = new Set<string>();
  const outside = outsideLookup(sources);
  const uses = new Map<string, VariableUse>();
  const noting = (path: Path): Lookup => {
    const open = isOpenPlace(path);
    return (name) => {
      const value = outside(name);
      const known = uses.get(name);
      if (known) known.open ||= open;
      else if (value !== undefined) uses.set(name, { name, value, fromFile: isFromFile(sources, name), open });
      return value;
    };
  };
  const declared = new Map<string, string>();
  const node = treeAt(tree, ["vars"]);
  for (const [name, entry] of node?.kind === "map" ? node.entries : []) {
    if (name.startsWith("x-")) continue;
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      const hint = "use letters, digits and `_`";
      findings.errorAtKey(["vars", name], {
        code: "invalid-name",
        message: `${quote(name)} can't be the name of a variable`,
        hint,
      });
      continue;
    }
    if (outside(name) !== undefined) continue;
    const given = defaultOf(entry.value);
    if (!given) {
      // The schema says what is wrong with it; a map without a default is a variable that has to be set.
      if (entry.value.kind !== "map" || entry.value.entries.has("default")) broken.add(name);
      continue;
    }
    const result = interpolate(given.text, noting(["vars", name]));
    if (result.kind === "text") declared.set(name, result.text);
    else {
      findings.error(["vars", name], { ...result, hint: usesAnother(result.message, node) ?? result.hint });
      broken.add(name);
    }
  }
  const lookupAt = (path: Path): Lookup => {
    const noted = noting(path);
    return (name) => noted(name) ?? declared.get(name) ?? (broken.has(name) ? "" : undefined);
  };
  checkTypes(tree, (name) => outside(name) ?? declared.get(name), findings);
  // What is looked up by its name alone is the value of a variable of the same name.
  return { lookup: lookupAt(["vars"]), lookupAt, broken, uses };
}

/** How `${NAME}` is looked up outside of the files: `.env`, the environment, `--var`, weakest first. */
export function outsideLookup({ vars, env, dotenv }: VariableSources): Lookup {
  return (name) => own(vars, name) ?? own(env, name) ?? own(dotenv, name);
}

function usesAnother(message: string, node: Tree | undefined): string | undefined {
  const name = /`(\w+)`/.exec(message)?.[1];
  const declared = name !== undefined && node?.kind === "map" && node.entries.has(name);
  return declared ? "entries of `vars` can't use one another" : undefined;
}

function isFromFile({ vars, env }: VariableSources, name: string): boolean {
  return own(vars, name) === undefined && own(env, name) === undefined;
}

function own(record: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** Puts variables into every string of the tree but `vars`; what stands under `x-` keys may name unset ones. */
export function substitute(tree: Tree, { lookupAt, broken }: Variables, findings: Findings): Tree {
  const known = treeAt(tree, ["vars"]);
  const names = known?.kind === "map" ? [...known.entries.keys()] : [];
  let added = 0;

  const scalar = (node: Scalar, path: Path, ignored: boolean): Scalar => {
    if (typeof node.value !== "string" || !node.value.includes("$")) return node;
    const result = interpolate(node.value, lookupAt(path));
    if ([...node.value.matchAll(/\$\{?(\w+)/g)].some(([, name = ""]) => broken.has(name))) findings.mute(path);
    if (result.kind === "text") {
      added += result.text.length;
      if (added <= MAX_ADDED) return { ...node, value: result.text, text: result.text, interpolated: true };
      findings.error(path, { code: "yaml-limit", message: "variables make the file larger than 4 MiB" });
      return { ...node, value: "", text: "", interpolated: true };
    }
    if (!ignored) {
      const unset = result.code === "unset-variable" ? /`(\w+)` is not set/.exec(result.message)?.[1] : undefined;
      const better =
        unset === undefined
          ? undefined
          : findings.suggest(
              unset,
              names.filter((name) => name !== unset),
            );
      findings.error(path, { ...result, hint: better ?? result.hint });
    }
    return { ...node, interpolated: true };
  };

  const walk = (node: Tree, path: Path, ignored: boolean): Tree => {
    if (node.kind === "scalar") return scalar(node, path, ignored);
    if (node.kind === "list")
      return { ...node, items: node.items.map((item, index) => walk(item, [...path, index], ignored)) };
    const entries = new Map<string, Entry>();
    for (const [key, entry] of node.entries) {
      const skipped = path.length === 0 && key === "vars";
      const value = skipped ? entry.value : walk(entry.value, [...path, key], ignored || key.startsWith("x-"));
      entries.set(key, { key: entry.key, value });
    }
    return { ...node, entries };
  };
  return walk(tree, [], false);
}
