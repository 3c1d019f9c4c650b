import { type Findings, quote } from "./findings.ts";
import type { Lookup } from "./interpolate.ts";
import { type Path, type Scalar, type Tree, treeAt } from "./tree.ts";

/** What `vars` says about a variable. */
export interface DeclaredVariable {
  readonly name: string;
  readonly type?: "string" | "number" | "boolean";
  readonly description?: string;
  /** As it is written, without variables put in. */
  readonly default?: string;
}

/** The entries of `vars`, in their order; parts of a wrong shape, which the schema reports, are left out. */
export function declaredVariables(tree: Tree): readonly DeclaredVariable[] {
  const node = treeAt(tree, ["vars"]);
  if (node?.kind !== "map") return [];
  return [...node.entries].flatMap(([name, { value }]): readonly DeclaredVariable[] => {
    if (name.startsWith("x-")) return [];
    const type = textAt(value, "type");
    const description = textAt(value, "description");
    const given = defaultOf(value);
    return [
      {
        name,
        ...(type === "string" || type === "number" || type === "boolean" ? { type } : {}),
        ...(description === undefined ? {} : { description }),
        ...(given === undefined ? {} : { default: given.text }),
      },
    ];
  });
}

/** The scalar that a variable defaults to: the entry itself, or its `default`; undefined for none. */
export function defaultOf(entry: Tree): Scalar | undefined {
  const node = entry.kind === "map" ? entry.entries.get("default")?.value : entry;
  return node?.kind === "scalar" && node.value !== null ? node : undefined;
}

const TYPES = {
  number: /^-?\d+(\.\d+)?$/,
  boolean: /^(true|false)$/,
} as const;

/** Reports values that are not of the type that `vars` asks for, wherever they come from, without showing them. */
export function checkTypes(tree: Tree, lookup: Lookup, findings: Findings): void {
  for (const { name, type } of declaredVariables(tree)) {
    if (type === undefined || type === "string") continue;
    const value = lookup(name);
    if (value === undefined || TYPES[type].test(value)) continue;
    const path: Path = ["vars", name];
    const message = `the variable ${quote(name)} must be ${type === "number" ? "a number" : "`true` or `false`"}`;
    findings.errorAtKey(path, { code: "invalid-value", message, hint: "look at where it is set" });
  }
}

function textAt(entry: Tree, key: string): string | undefined {
  const node = treeAt(entry, [key]);
  return node?.kind === "scalar" && node.value !== null ? node.text : undefined;
}
