import type { ArgumentDeclaration, Instruction } from "./instruction.ts";
import { expand, type Lookup, UNKNOWN } from "./shell-word.ts";

/** A value, or that it can't be known here. */
export type Value = string | typeof UNKNOWN;

/** The variables at one place of a Dockerfile. */
export interface Variables {
  readonly values: ReadonlyMap<string, Value>;
  /** Whether a name that is missing is certainly not set; else a base image may set it. */
  readonly complete: boolean;
}

/** Where a variable's value is looked up while a text is expanded. */
export function lookup(variables: Variables): Lookup {
  return (name) => variables.values.get(name) ?? (variables.complete ? undefined : UNKNOWN);
}

/** The text with its variables put in; undefined where it isn't known. */
export function expandText(text: string, variables: Variables, escape: string): string | undefined {
  return expand(text, lookup(variables), { escape })?.text;
}

const PLATFORM_NAMES = ["PLATFORM", "OS", "OSVERSION", "ARCH", "VARIANT"];

/** The arguments that the builder sets by itself, as far as the platform is known. */
export function builtInArguments(platform: string | undefined): ReadonlyMap<string, Value> {
  const values = new Map<string, Value>([["TARGETSTAGE", UNKNOWN]]);
  for (const name of PLATFORM_NAMES) {
    values.set(`BUILD${name}`, UNKNOWN);
    values.set(`TARGET${name}`, UNKNOWN);
  }
  const [os, architecture, variant] = platform?.split("/") ?? [];
  if (platform !== undefined && os !== undefined && architecture !== undefined) {
    values.set("TARGETPLATFORM", platform);
    values.set("TARGETOS", os);
    values.set("TARGETARCH", architecture);
    values.set("TARGETVARIANT", variant ?? "");
  }
  return values;
}

/** What a build is called with, where it decides values. */
export interface Given {
  readonly args: Readonly<Record<string, string>>;
  readonly escape: string;
}

/** The variables that FROM lines see: the builder's own and the ARGs in front of the first FROM. */
export function globalVariables(
  builtIn: ReadonlyMap<string, Value>,
  declared: readonly Extract<Instruction, { kind: "arg" }>[],
  given: Given,
): Variables {
  const values = new Map(builtIn);
  for (const [name, value] of Object.entries(given.args)) if (values.has(name)) values.set(name, value);
  for (const { declarations } of declared) {
    for (const declaration of declarations) {
      const value = givenValue(declaration, given) ?? defaultValue(declaration, { values, complete: true }, given);
      if (value !== undefined) values.set(declaration.name, value);
    }
  }
  return { values, complete: true };
}

/** The variables of a stage after an ARG in it: the caller's value, else its own default, else the global one. */
export function declare(
  variables: Variables,
  declarations: readonly ArgumentDeclaration[],
  context: { readonly global: Variables; readonly given: Given },
): Variables {
  const values = new Map(variables.values);
  for (const declaration of declarations) {
    const value =
      givenValue(declaration, context.given) ??
      defaultValue(declaration, { values, complete: variables.complete }, context.given) ??
      context.global.values.get(declaration.name);
    if (value !== undefined) values.set(declaration.name, value);
  }
  return { values, complete: variables.complete };
}

/** The variables after an ENV, whose values don't see each other. */
export function assign(
  variables: Variables,
  pairs: readonly (readonly [name: string, value: string])[],
  escape: string,
): { readonly variables: Variables; readonly assigned: ReadonlyMap<string, Value> } {
  const assigned = new Map<string, Value>();
  let complete = variables.complete;
  for (const [rawName, rawValue] of pairs) {
    const name = expandText(rawName, variables, escape);
    // A variable of unknown name may be any of those that are not set yet.
    if (name === undefined) complete = false;
    else assigned.set(name, expandText(rawValue, variables, escape) ?? UNKNOWN);
  }
  return { variables: { values: new Map([...variables.values, ...assigned]), complete }, assigned };
}

function givenValue({ name }: ArgumentDeclaration, given: Given): string | undefined {
  return Object.hasOwn(given.args, name) ? given.args[name] : undefined;
}

function defaultValue(declaration: ArgumentDeclaration, variables: Variables, given: Given): Value | undefined {
  if (declaration.default === undefined) return undefined;
  return expandText(declaration.default, variables, given.escape) ?? UNKNOWN;
}
