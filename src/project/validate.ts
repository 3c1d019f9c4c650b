import { closest } from "../std/closest.ts";
import { foreignKeyHint } from "./foreign-keys.ts";
import { MAX_ERRORS, quote, type Findings, type Mistake } from "./findings.ts";
import { treeAt, type Path, type Tree } from "./tree.ts";
import { validate as check } from "./validate.gen.mjs";
import type { DockFile } from "./file.gen.ts";

/** An error as the generated validator gives it. */
interface SchemaError {
  /** JSON pointer. */
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly parentSchema?: { readonly properties?: Readonly<Record<string, unknown>> };
}

const MAX_ROUNDS = 20;
const MAX_LISTED = 12;

/** What the values of a type are called. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: "a string",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  object: "a map",
  array: "a list",
  null: "empty",
};

/**
 * Checks data against the schema and reports every mistake, one for each place. Returns the data without the parts that are wrong,
 * so that later stages can look at the rest; undefined when nothing is left. `data` is changed. In lists, what was wrong is undefined.
 */
export function validate(data: unknown, tree: Tree, findings: Findings): DockFile | undefined {
  let errors = schemaErrors(data);
  if (coerce(data, tree, errors)) errors = schemaErrors(data);
  const reported = new Set<string>();
  for (const error of errors.slice(0, MAX_ERRORS)) {
    const place =
      error.keyword === "additionalProperties" || error.keyword === "required" ? undefined : error.instancePath;
    if (place !== undefined && reported.has(place)) continue;
    if (place !== undefined) reported.add(place);
    if (error.keyword === "required" && isMistyped(error, errors)) continue;
    report(error, pathOf(error.instancePath, data), { tree, findings });
  }
  if (errors.length > MAX_ERRORS) return undefined;
  for (let round = 0; round < MAX_ROUNDS && errors.length > 0; round += 1) {
    for (const error of errors) {
      const path = pathOf(error.instancePath, data);
      const extra = error.params["additionalProperty"];
      if (error.keyword === "additionalProperties" && typeof extra === "string") removeAt(data, [...path, extra]);
      else if (path.length === 0) return undefined;
      else removeAt(data, path);
    }
    errors = schemaErrors(data);
  }
  return errors.length === 0 ? (data as DockFile) : undefined;
}

/** True when an unknown key of the same map most likely is the one that is missing. */
function isMistyped(missing: SchemaError, errors: readonly SchemaError[]): boolean {
  const wanted = String(missing.params["missingProperty"]);
  return errors.some(({ instancePath, params: { additionalProperty: extra } }) => {
    return instancePath === missing.instancePath && typeof extra === "string" && closest(extra, [wanted]) !== undefined;
  });
}

function schemaErrors(data: unknown): SchemaError[] {
  if (check(data)) return [];
  const errors = (check as { errors?: SchemaError[] | null }).errors ?? [];
  // What was wrong in a list is undefined by now.
  return errors.filter((error) => dataAt(data, pathOf(error.instancePath, data)) !== undefined);
}

/** Variables are text; where the schema wants a number or a boolean, what they gave is read as one. True when something changed. */
function coerce(data: unknown, tree: Tree, errors: readonly SchemaError[]): boolean {
  let changed = false;
  for (const error of errors) {
    if (error.keyword !== "type") continue;
    const path = pathOf(error.instancePath, data);
    const node = treeAt(tree, path);
    if (node?.kind !== "scalar" || !node.interpolated) continue;
    const value = readAs([error.params["type"]].flat(), node.text.trim());
    if (value === undefined) continue;
    replaceAt(data, path, value);
    changed = true;
  }
  return changed;
}

function readAs(types: readonly unknown[], text: string): number | boolean | undefined {
  if (types.includes("boolean") && /^(true|false)$/i.test(text)) return text.toLowerCase() === "true";
  const isNumber = types.includes("integer")
    ? /^[-+]?\d{1,15}$/
    : types.includes("number")
      ? /^[-+]?\d{1,15}(\.\d{1,15})?$/
      : undefined;
  return isNumber?.test(text) ? Number(text) : undefined;
}

function report(error: SchemaError, path: Path, { tree, findings }: { tree: Tree; findings: Findings }): void {
  const name = nameOf(path);
  switch (error.keyword) {
    case "additionalProperties":
      return reportUnknownKey(error, path, findings);
    case "required":
      return findings.errorAtKey(path, {
        code: "missing-key",
        message: `${name} has no ${quote(String(error.params["missingProperty"]))}`,
      });
    case "type":
      return findings.error(path, wrongType([error.params["type"]].flat().map(String), treeAt(tree, path), name));
    case "enum":
      return findings.error(path, wrongChoice(error.params["allowedValues"], treeAt(tree, path), name));
    case "minimum":
    case "maximum": {
      const bound = error.keyword === "minimum" ? "least" : "most";
      return findings.error(path, {
        code: "invalid-value",
        message: `${name} must be at ${bound} ${String(error.params["limit"])}`,
      });
    }
    default:
      throw new Error(`no wording for the schema keyword ${error.keyword}`);
  }
}

function reportUnknownKey(error: SchemaError, path: Path, findings: Findings): void {
  const key = String(error.params["additionalProperty"]);
  const known = Object.keys(error.parentSchema?.properties ?? {});
  const list = known.length > MAX_LISTED ? undefined : `known keys: ${known.join(", ")}`;
  const hint = foreignKeyHint(key, known) ?? findings.suggest(key, known) ?? list;
  const where = path.length === 0 ? "" : ` in ${nameOf(path)}`;
  findings.errorAtKey([...path, key], { code: "unknown-key", message: `unknown key ${quote(key)}${where}`, hint });
}

/** What is wrong with a value, called `name`, that is none of the schema's types. */
export function wrongType(types: readonly string[], node: Tree | undefined, name: string): Mistake {
  const wanted = inWords(types.filter((type) => type !== "null").map((type) => TYPE_NAMES[type] ?? type));
  const code = "wrong-type";
  if (!node || node.kind !== "scalar") {
    const given = node?.kind === "list" ? "a list" : "a map";
    return { code, message: `${name} must be ${wanted}, not ${given}` };
  }
  if (node.value === null)
    return { code, message: `${name} has no value; it must be ${wanted}`, hint: "give it a value, or remove the key" };
  const given = node.interpolated ? "text from a variable" : typeof node.value === "string" ? "a string" : node.text;
  const mistake = { code, message: `${name} must be ${wanted}, not ${given}` };
  if (node.interpolated) return mistake;
  if (typeof node.value !== "string" && types.includes("string")) return { ...mistake, hint: `write "${node.text}"` };
  if (typeof node.value === "string" && types.includes("boolean") && /^(y|yes|on|n|no|off)$/i.test(node.value)) {
    return {
      ...mistake,
      hint: `write ${/^[yo]n?/i.test(node.value) && !/^off$/i.test(node.value) ? "true" : "false"}`,
    };
  }
  if (typeof node.value === "string" && readAs(types, node.value) !== undefined)
    return { ...mistake, hint: "remove the quotes" };
  return mistake;
}

function wrongChoice(allowed: unknown, node: Tree | undefined, name: string): Mistake {
  const choices = Array.isArray(allowed) ? allowed.map(String) : [];
  const written = node?.kind === "scalar" && !node.interpolated ? node.text : undefined;
  const better =
    written === undefined || written === ""
      ? undefined
      : (closest(written, choices) ?? choices.find((choice) => choice.includes(written)));
  const given = node?.kind === "scalar" ? `, not ${quote(node.written)}` : "";
  return {
    code: "invalid-value",
    message: `${name} must be ${inWords(choices.map(quote))}${given}`,
    hint: better === undefined ? undefined : `did you mean ${quote(better)}?`,
  };
}

/** "a, b or c". */
export function inWords(choices: readonly string[]): string {
  return choices.length < 2 ? choices.join("") : `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`;
}

/** What messages call the value at a path: its key, or its number in a list. */
export function nameOf(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return "a project file";
  return typeof last === "string" ? quote(last) : `item ${last + 1} of ${nameOf(path.slice(0, -1))}`;
}

/** The path that a JSON pointer names in the data, with the indexes of lists as numbers. */
function pathOf(pointer: string, data: unknown): Path {
  let node = data;
  return pointer
    .split("/")
    .slice(1)
    .map((text) => {
      const step = text.replaceAll("~1", "/").replaceAll("~0", "~");
      const key = Array.isArray(node) ? Number(step) : step;
      node = dataAt(node, [key]);
      return key;
    });
}

function dataAt(data: unknown, path: Path): unknown {
  let node = data;
  for (const step of path) {
    if (node === null || typeof node !== "object") return undefined;
    node = (node as Record<string, unknown>)[String(step)];
  }
  return node;
}

function replaceAt(data: unknown, path: Path, value: unknown): void {
  const parent = dataAt(data, path.slice(0, -1));
  if (parent !== null && typeof parent === "object") (parent as Record<string, unknown>)[String(path.at(-1))] = value;
}

/** Takes a part out; the other items of a list keep their numbers. */
function removeAt(data: unknown, path: Path): void {
  const parent = dataAt(data, path.slice(0, -1));
  if (Array.isArray(parent)) parent[Number(path.at(-1))] = undefined;
  else if (parent !== null && typeof parent === "object")
    delete (parent as Record<string, unknown>)[String(path.at(-1))];
}
