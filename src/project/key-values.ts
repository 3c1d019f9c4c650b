import { isSecretName } from "../std/secret-name.ts";
import type { KeyValues } from "./file.gen.ts";
import { quote } from "./findings.ts";
import { items, type Place } from "./place.ts";
import { record } from "./plain-data.ts";

/** One named value; `value` is undefined for a name without one. */
interface KeyValue {
  readonly key: string;
  readonly value: string | undefined;
  /** True where `null` is written out. */
  readonly isNull: boolean;
  readonly place: Place;
}

/** The variables of a container: a name without a value is taken from the environment, and left out when that has none. */
export function normalizeVariables(given: KeyValues | undefined, place: Place): Record<string, string> {
  return taken(keyValues(given, place), place);
}

/** Arguments of a build: as `normalizeVariables`, but `null` keeps the Dockerfile's default. Those named like secrets are warned about. */
export function normalizeArgs(given: KeyValues | undefined, place: Place): Record<string, string> {
  const args = keyValues(given, place).filter(({ isNull }) => !isNull);
  for (const { key, place: at } of args) {
    if (!isSecretName(key)) continue;
    const message = `the build argument ${quote(key)} is named like a secret: its value stays in the image's history`;
    at.warning({ code: "secret-in-args", message, hint: "give it to the build under `secrets`" });
  }
  return taken(args, place);
}

function taken(pairs: readonly KeyValue[], { scope }: Place): Record<string, string> {
  return record(
    pairs.flatMap(({ key, value }): [string, string][] => {
      const found = value ?? scope.lookup(key);
      return found === undefined ? [] : [[key, found]];
    }),
  );
}

/** Options and the like: a name without a value has the empty one. */
export function normalizePairs(given: KeyValues | undefined, place: Place): Record<string, string> {
  return record(keyValues(given, place).map(({ key, value }) => [key, value ?? ""]));
}

/** Labels: as `normalizePairs`, but dock's own prefix is not for others. */
export function normalizeLabels(given: KeyValues | undefined, place: Place): Record<string, string> {
  const pairs = keyValues(given, place);
  for (const { key, place: at } of pairs) {
    if (key.startsWith("dev.dock."))
      at.errorAtKey({ code: "reserved-label", message: "labels that start with `dev.dock.` are dock's own" });
  }
  return record(pairs.map(({ key, value }) => [key, value ?? ""]));
}

const RESERVED = new Set(["__proto__", "constructor", "prototype"]);

function keyValues(given: KeyValues | undefined, place: Place): KeyValue[] {
  return Array.isArray(given) ? fromList(given, place) : fromMap(given ?? {}, place);
}

function fromList(given: readonly string[], place: Place): KeyValue[] {
  const found: KeyValue[] = [];
  for (const [text, at] of items(given, place)) {
    const equals = text.indexOf("=");
    const key = equals < 0 ? text : text.slice(0, equals);
    const value = equals < 0 ? undefined : text.slice(equals + 1);
    if (isName(key)) found.push({ key, value, isNull: false, place: at });
    else
      at.error({
        code: "invalid-name",
        message: `${at.written()} does not start with a name`,
        hint: "write `NAME=value`",
      });
  }
  return found;
}

function fromMap(given: Exclude<KeyValues, readonly string[]>, place: Place): KeyValue[] {
  const found: KeyValue[] = [];
  for (const [key, value] of Object.entries(given)) {
    const at = place.at(key);
    if (isName(key))
      found.push({
        key,
        value: value === null ? undefined : at.text(),
        isNull: value === null && !at.isBlank(),
        place: at,
      });
    else {
      const hint = key.includes("$") ? "variables are put into values only" : undefined;
      at.errorAtKey({ code: "invalid-name", message: `${quote(key)} can't be used as a name`, hint });
    }
  }
  return found;
}

function isName(key: string): boolean {
  return key !== "" && !RESERVED.has(key) && !/[=\s$]/.test(key);
}
