import { isAbsolute, join, resolve } from "node:path";
import type { Location } from "../diagnostic.ts";
import type { Findings, Mistake } from "./findings.ts";
import type { Lookup } from "./interpolate.ts";
import type { Port } from "./connection-model.ts";
import type { Path } from "./tree.ts";

/** What the stages between the schema and the project share while one file is compiled. */
export interface Scope {
  readonly findings: Findings;
  readonly projectName: string;
  /** Absolute; relative paths start here, but for those in an included file, which start at its own directory. */
  readonly directory: string;
  /** The caller's home directory, for `~`. */
  readonly home: string | undefined;
  readonly lookup: Lookup;
  /** Keys that the file has, whether or not what they hold is right. */
  readonly declared: Readonly<
    Record<"images" | "services" | "networks" | "volumes" | "secrets" | "configs", ReadonlySet<string>>
  >;
  /** Ports with their places, in the order in which they were found. */
  readonly published: PublishedPort[];
  /** Ports that may still be spelled out, so that ranges can't fill the memory. */
  readonly quota: { ports: number };
}

/** A port that a service publishes, and the place that says so. */
export interface PublishedPort {
  readonly service: string;
  readonly port: Port;
  readonly place: Place;
}

/** A value of the file that is being normalized: where it stands, how it is written, and how to say that it is wrong. */
export interface Place {
  readonly scope: Scope;
  readonly path: Path;
  /** The last step of the path. */
  readonly key: string;
  /** A place below this one. */
  at(...steps: Path): Place;
  /** The value as a string, with the digits that a number was written with. */
  text(): string;
  /** The value as the file has it, in backquotes, fit for messages. */
  written(): string;
  /** True when nothing at all is written: `KEY:`. */
  isBlank(): boolean;
  /** True when the file has a key or an item below this place, whether or not what it holds is right. */
  has(key: string): boolean;
  /** The place of the entry's key, or of the item of a list. */
  entry(): Location;
  value(): Location;
  error(mistake: Mistake): void;
  errorAtKey(mistake: Mistake): void;
  warning(mistake: Mistake): void;
  /** Reports a value that can't be read; the problem goes on where the value ends. */
  invalid(problem: string, hint?: string): undefined;
}

/** The place at a path. */
export function placeAt(scope: Scope, path: Path): Place {
  return new PlaceAt(scope, undefined, path);
}

/**
 * A class with a path made when it is asked for: a large file has some ten thousand places, most of them of keys that
 * it does not have.
 */
class PlaceAt implements Place {
  readonly scope: Scope;
  readonly #parent: PlaceAt | undefined;
  readonly #steps: Path;
  #path: Path | undefined;

  constructor(scope: Scope, parent: PlaceAt | undefined, steps: Path) {
    this.scope = scope;
    this.#parent = parent;
    this.#steps = steps;
  }

  get path(): Path {
    this.#path ??= this.#parent === undefined ? this.#steps : [...this.#parent.path, ...this.#steps];
    return this.#path;
  }

  get key(): string {
    return String((this.#steps.length > 0 ? this.#steps : this.path).at(-1) ?? "");
  }

  at(...steps: Path): Place {
    return new PlaceAt(this.scope, this, steps);
  }

  text(): string {
    return this.scope.findings.text(this.path);
  }

  written(): string {
    return this.scope.findings.written(this.path);
  }

  isBlank(): boolean {
    return this.scope.findings.isBlank(this.path);
  }

  has(key: string): boolean {
    return this.scope.findings.keys(this.path).includes(key);
  }

  entry(): Location {
    return this.scope.findings.at(this.path);
  }

  value(): Location {
    return this.scope.findings.valueAt(this.path);
  }

  error(mistake: Mistake): void {
    this.scope.findings.error(this.path, mistake);
  }

  errorAtKey(mistake: Mistake): void {
    this.scope.findings.errorAtKey(this.path, mistake);
  }

  warning(mistake: Mistake): void {
    this.scope.findings.warning(this.path, mistake);
  }

  invalid(problem: string, hint?: string): undefined {
    this.error({ code: "invalid-value", message: `${this.written()} ${problem}`, hint });
    return undefined;
  }
}

/** An absolute path for a path that stands at a place: `~` is the home directory, the rest is relative to the directory of the place's file. */
export function hostPath(text: string, place: Place): string {
  const { home } = place.scope;
  const directory = place.value().source.directory ?? place.scope.directory;
  if ((text === "~" || text.startsWith("~/")) && home !== undefined) return join(home, text.slice(1));
  return isAbsolute(text) ? resolve(text) : resolve(directory, text);
}

/** As `hostPath`; an empty path, which would mean the directory itself, is reported. */
export function hostPathAt(text: string, place: Place): string {
  if (text === "") place.invalid("names no file", "write `.` for the project's directory");
  return hostPath(text, place);
}

/** Items of a list with their places; those that the schema refused are left out. */
export function items<T>(list: readonly T[] | undefined, place: Place): [T, Place][] {
  const found: [T, Place][] = [];
  if (list === undefined) return found;
  for (const [index, item] of list.entries()) if (item !== undefined) found.push([item, place.at(index)]);
  return found;
}

/** One string, or those of a list, with their places. */
export function strings(given: string | readonly string[] | undefined, place: Place): [string, Place][] {
  return typeof given === "string" ? [[given, place]] : items(given, place);
}

/** One string, or those of a list. */
export function texts(given: string | readonly string[] | undefined, place: Place): string[] {
  return strings(given, place).map(([text]) => text);
}

/** Entries of a map whose keys are names, with their places; `x-` keys are left out. */
export function* members<T>(map: Readonly<Record<string, T>> | undefined, place: Place): Generator<[string, T, Place]> {
  for (const [key, value] of Object.entries(map ?? {})) if (!key.startsWith("x-")) yield [key, value, place.at(key)];
}
