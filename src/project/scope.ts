import { isAbsolute, join, resolve } from "node:path";
import { quote, type Findings } from "./findings.ts";
import type { Lookup } from "./interpolate.ts";
import type { Port } from "./model.ts";
import type { Path } from "./tree.ts";

/** What the stages between the schema and the project share while one file is compiled. */
export interface Scope {
  readonly findings: Findings;
  readonly projectName: string;
  /** Absolute; relative paths of the file start here. */
  readonly directory: string;
  /** The caller's home directory, for `~`. */
  readonly home: string | undefined;
  readonly lookup: Lookup;
  /** Keys that the file has, whether or not what they hold is right. */
  readonly declared: Readonly<Record<"images" | "services" | "networks" | "volumes", ReadonlySet<string>>>;
  /** Ports with their places, in the order in which they were found. */
  readonly published: PublishedPort[];
}

/** A port that a service publishes, and the place that says so. */
export interface PublishedPort {
  readonly service: string;
  readonly port: Port;
  readonly path: Path;
}

/** An absolute path for a path of the file: `~` is the home directory, the rest is relative to the project's directory. */
export function hostPath(text: string, scope: Scope): string {
  if ((text === "~" || text.startsWith("~/")) && scope.home !== undefined) return join(scope.home, text.slice(1));
  return isAbsolute(text) ? resolve(text) : resolve(scope.directory, text);
}

/** Reports a value that can't be read, in the words of the file. */
export function invalid(scope: Scope, path: Path, problem: string, hint?: string): undefined {
  scope.findings.error(path, { code: "invalid-value", message: `${scope.findings.written(path)} ${problem}`, hint });
  return undefined;
}

/** Reports something that the schema knows and dock does not carry out yet. */
export function notSupportedYet(scope: Scope, path: Path, what: string): undefined {
  scope.findings.error(path, { code: "not-supported-yet", message: `${what} is not supported yet` });
  return undefined;
}

/** Items of a list with their numbers; those that the schema refused are left out. */
export function* items<T>(list: readonly T[] | undefined): Generator<[number, T]> {
  for (const [index, item] of (list ?? []).entries()) if (item !== undefined) yield [index, item];
}

/** Keys and values of a map whose keys are names, without `x-` keys. */
export function* members<T>(map: Readonly<Record<string, T>> | undefined): Generator<[string, T]> {
  for (const [key, value] of Object.entries(map ?? {})) if (!key.startsWith("x-")) yield [key, value];
}

/** A map without a prototype, so that no name can be mistaken for something every object has. */
export function record<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  const map: Record<string, T> = Object.create(null);
  for (const [key, value] of entries) map[key] = value;
  return map;
}

/** The object without the members that are undefined. */
export function compact<T extends object>(value: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}

/** Reports a name that a map's key can't have. */
export function checkName(scope: Scope, path: Path, rule: NameRule): boolean {
  const name = String(path.at(-1));
  if (rule.pattern.test(name)) return true;
  const better = name.toLowerCase();
  const hint = rule.pattern.test(better) ? `did you mean ${quote(better)}?` : rule.words;
  scope.findings.errorAtKey(path, {
    code: "invalid-name",
    message: `${quote(printable(name))} can't be the name of ${rule.of}`,
    hint,
  });
  return false;
}

/** What a kind of thing may be called. */
export interface NameRule {
  readonly pattern: RegExp;
  readonly of: string;
  /** The pattern in words. */
  readonly words: string;
}

const LOWER_CASE = {
  pattern: /^[a-z0-9][a-z0-9_.-]{0,62}$/,
  words: "use up to 63 lower-case letters, digits, `-`, `_` and `.`",
};

/** Names of services. */
export const SERVICE_NAME: NameRule = { ...LOWER_CASE, of: "a service" };
/** Names of images; lower-case because repositories are. */
export const IMAGE_NAME: NameRule = { ...LOWER_CASE, of: "an image" };
const ANY_CASE = {
  pattern: /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/,
  words: "use up to 63 letters, digits, `-`, `_` and `.`",
};
/** Keys of networks. */
export const NETWORK_NAME: NameRule = { ...ANY_CASE, of: "a network" };
/** Keys of volumes. */
export const VOLUME_NAME: NameRule = { ...ANY_CASE, of: "a volume" };

/** Names may hold characters that turn the text of a message around; those are shown by number. */
function printable(name: string): string {
  return name.replace(
    /[^\p{L}\p{N}\p{P}\p{S} ]|\p{Cf}/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
