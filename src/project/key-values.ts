import type { KeyValues } from "./file.gen.ts";
import { quote } from "./findings.ts";
import { items, record, type Scope } from "./scope.ts";
import type { Path } from "./tree.ts";

/** One named value; `value` is undefined for a name without one. */
interface KeyValue {
  readonly key: string;
  readonly value: string | undefined;
  /** True where `null` is written out. */
  readonly isNull: boolean;
}

/** The variables of a container or arguments of a build: a name without a value is taken from the environment, and left out when that has none. */
export function normalizeVariables(given: KeyValues | undefined, path: Path, scope: Scope): Record<string, string> {
  const entries: [string, string][] = [];
  for (const { key, value } of keyValues(given, path, scope)) {
    const taken = value ?? scope.lookup(key);
    if (taken !== undefined) entries.push([key, taken]);
  }
  return record(entries);
}

/** As `normalizeVariables`, but `null` keeps the Dockerfile's default. */
export function normalizeArgs(given: KeyValues | undefined, path: Path, scope: Scope): Record<string, string> {
  const entries: [string, string][] = [];
  for (const { key, value, isNull } of keyValues(given, path, scope)) {
    const taken = value ?? (isNull ? undefined : scope.lookup(key));
    if (taken !== undefined) entries.push([key, taken]);
  }
  return record(entries);
}

/** Labels, options and the like: a name without a value has the empty one. */
export function normalizePairs(given: KeyValues | undefined, path: Path, scope: Scope): Record<string, string> {
  return record(keyValues(given, path, scope).map(({ key, value }) => [key, value ?? ""]));
}

/** Labels of what dock makes: its own prefix is not for others. */
export function normalizeLabels(given: KeyValues | undefined, path: Path, scope: Scope): Record<string, string> {
  const labels = normalizePairs(given, path, scope);
  for (const key of Object.keys(labels)) {
    if (!key.startsWith("dev.dock.")) continue;
    scope.findings.error(path, { code: "reserved-label", message: `the label ${quote(key)} is dock's own` });
  }
  return labels;
}

const RESERVED = new Set(["__proto__", "constructor", "prototype"]);

function keyValues(given: KeyValues | undefined, path: Path, { findings }: Scope): KeyValue[] {
  const found: KeyValue[] = [];
  const add = (entry: KeyValue, at: Path): void => {
    const isName = entry.key !== "" && !RESERVED.has(entry.key) && !/[=\s]/.test(entry.key);
    if (isName) found.push(entry);
    else
      findings.error(at, {
        code: "invalid-name",
        message: `${findings.written(at)} does not start with a name`,
        hint: "write `NAME=value`",
      });
  };
  if (Array.isArray(given)) {
    for (const [index, text] of items(given)) {
      const equals = text.indexOf("=");
      const [key, value] = equals < 0 ? [text, undefined] : [text.slice(0, equals), text.slice(equals + 1)];
      add({ key, value, isNull: false }, [...path, index]);
    }
    return found;
  }
  for (const [key, value] of Object.entries(given ?? {})) {
    const at = [...path, key];
    if (key === "" || /[=\s]/.test(key))
      findings.errorAtKey(at, { code: "invalid-name", message: `${quote(key)} can't be used as a name` });
    else
      add(
        { key, value: value === null ? undefined : findings.text(at), isNull: value === null && !findings.isBlank(at) },
        at,
      );
  }
  return found;
}
