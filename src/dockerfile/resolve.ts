import type { Action, Destination, Origin, ResolvedStage } from "./action.ts";
import type { Instruction, Stage } from "./instruction.ts";
import { type Dockerfile, parseDockerfile } from "./parse.ts";
import { cleanPath } from "./paths.ts";
import type { Lines } from "./scan.ts";
import { knownBase, namedContext, type Scope } from "./scope.ts";
import type { Word } from "./traced.ts";
import {
  assign,
  builtInArguments,
  declare,
  expandText,
  type Given,
  globalVariables,
  type Value,
  type Variables,
} from "./variables.ts";

/** State at the end of a stage, which a stage built on it starts with. */
interface State {
  readonly variables: Variables;
  /** What ENV set, apart from ARG: it comes back on top where a stage starts from this one. */
  readonly environment: ReadonlyMap<string, Value>;
  readonly workdir: string | undefined;
  readonly workdirs: ReadonlySet<string>;
}

/** All stages with their variables put in, in order. A stage that a named context replaces does nothing. */
export function resolve(dockerfile: Dockerfile, scope: Scope): readonly ResolvedStage[] {
  const given: Given = { args: scope.args ?? {}, escape: dockerfile.directives.escape };
  const global = globalVariables(builtInArguments(scope.platform), dockerfile.globalArgs, given);
  const resolver = { dockerfile, scope, given, global };
  const states: State[] = [];
  return dockerfile.stages.map((stage) => {
    const { resolved, state } = resolveStage(stage, resolver, states);
    states.push(state);
    return resolved;
  });
}

interface Resolver {
  readonly dockerfile: Dockerfile;
  readonly scope: Scope;
  readonly given: Given;
  readonly global: Variables;
}

function resolveStage(
  stage: Stage,
  resolver: Resolver,
  states: readonly State[],
): { readonly resolved: ResolvedStage; readonly state: State } {
  const { index, lines } = stage;
  const origin = stageOrigin(stage, resolver);
  let state = startState(origin, resolver.scope, states);
  const actions: Action[] = [];
  const replaced = replacementOf(stage, resolver.scope) !== undefined;
  const instructions = replaced ? [] : [...triggers(origin, stage, resolver), ...stage.instructions];
  for (const instruction of instructions) {
    const step = carryOut(instruction, state, { ...resolver, stage: index });
    state = step.state;
    if (step.action) actions.push(step.action);
  }
  return { resolved: { index, origin, replaced, lines, actions, workdir: state.workdir }, state };
}

function stageOrigin(stage: Stage, { dockerfile, scope, given, global }: Resolver): Origin {
  const replacement = replacementOf(stage, scope);
  if (replacement !== undefined) return { kind: "context", name: replacement };
  const ref = expandText(stage.base.text, global, given.escape);
  if (ref === undefined || ref === "") return { kind: "image", ref: undefined, written: stage.base };
  const parent = dockerfile.stages.findLast((other) => other.index < stage.index && other.name === ref);
  if (parent) return { kind: "stage", index: parent.index };
  return imageOrigin(ref, stage.base, scope);
}

/** A named context of a stage's own name takes the whole stage's place. */
function replacementOf(stage: Stage, scope: Scope): string | undefined {
  return stage.name === undefined ? undefined : namedContext(stage.name, scope);
}

function imageOrigin(ref: string, written: Word, scope: Scope): Origin {
  if (ref === "scratch") return { kind: "scratch" };
  const context = namedContext(ref, scope);
  return context === undefined ? { kind: "image", ref, written } : { kind: "context", name: context };
}

function startState(origin: Origin, scope: Scope, states: readonly State[]): State {
  if (origin.kind === "stage") {
    const parent = states[origin.index];
    if (!parent) throw new Error(`stage ${origin.index} is not resolved yet`);
    const values = new Map([...parent.variables.values, ...parent.environment]);
    return { ...parent, variables: { values, complete: parent.variables.complete } };
  }
  const base = knownBase(origin, scope);
  if (!base) {
    const none = new Map<string, Value>();
    return { variables: { values: none, complete: false }, environment: none, workdir: undefined, workdirs: new Set() };
  }
  const environment = new Map<string, Value>([["PATH", DEFAULT_PATH], ...Object.entries(base.env)]);
  const workdir = cleanPath(`/${base.workdir}`);
  return { variables: { values: environment, complete: true }, environment, workdir, workdirs: new Set([workdir]) };
}

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** The ONBUILD instructions that run first: those of the stage, or of the image, that it starts from. */
function triggers(origin: Origin, stage: Stage, { dockerfile, scope }: Resolver): readonly Instruction[] {
  if (origin.kind === "stage") {
    const parent = dockerfile.stages[origin.index]?.instructions ?? [];
    return parent.flatMap((instruction) => (instruction.kind === "onbuild" ? [instruction.trigger] : []));
  }
  const texts = knownBase(origin, scope)?.onbuild ?? [];
  return texts.flatMap((text) => {
    const parsed = parseDockerfile(`FROM scratch\n${text}\n`).stages[0]?.instructions ?? [];
    return parsed.map((instruction) => foreign(instruction, stage.lines));
  });
}

/** An instruction that stands in no line of the file: it is put down to the FROM, and its words to no place. */
function foreign(instruction: Instruction, lines: Lines): Instruction {
  const nowhere = (written: Word): Word => ({ text: written.text, span: { start: 0, end: 0 } });
  switch (instruction.kind) {
    case "copy":
      return { ...instruction, lines, ...(instruction.from ? { from: nowhere(instruction.from) } : {}) };
    case "run": {
      const mounts = instruction.mounts.map((mount) => ({
        ...mount,
        ...(mount.from ? { from: nowhere(mount.from) } : {}),
      }));
      return { ...instruction, lines, mounts };
    }
    default:
      return { ...instruction, lines };
  }
}

function carryOut(
  instruction: Instruction,
  state: State,
  resolver: Resolver & { readonly stage: number },
): { readonly state: State; readonly action?: Action } {
  const { escape } = resolver.given;
  const at = { lines: instruction.lines, stage: resolver.stage };
  const value = (text: string): string | undefined => expandText(text, state.variables, escape);
  switch (instruction.kind) {
    case "arg":
      return { state: { ...state, variables: declare(state.variables, instruction.declarations, resolver) } };
    case "env": {
      const { variables, assigned } = assign(state.variables, instruction.variables, escape);
      return { state: { ...state, variables, environment: new Map([...state.environment, ...assigned]) } };
    }
    case "workdir":
      return { state: enter(state, value(instruction.path)) };
    case "volume":
      return { state, action: { kind: "volume", ...at, paths: instruction.paths.map(value) } };
    case "copy":
    case "add": {
      const { kind, flags } = instruction;
      const sources = instruction.sources.map(value);
      const destination = resolveDestination(value(instruction.destination), state);
      const from = instruction.kind === "copy" && instruction.from ? fileOrigin(instruction.from, resolver) : undefined;
      return { state, action: { kind, ...at, flags, sources, destination, ...(from ? { from } : {}) } };
    }
    case "run": {
      const mounts = instruction.mounts.map((mount) => ({
        type: value(mount.type)?.toLowerCase(),
        source: value(mount.source),
        ...(mount.from ? { from: fileOrigin(mount.from, resolver) } : {}),
      }));
      return { state, action: { kind: "run", ...at, command: instruction.command, mounts, workdir: state.workdir } };
    }
    case "onbuild":
    case "other":
      return { state };
  }
}

function enter(state: State, path: string | undefined): State {
  const workdir = resolvePath(path, state);
  return {
    ...state,
    workdir,
    workdirs: workdir === undefined ? state.workdirs : new Set([...state.workdirs, workdir]),
  };
}

function resolvePath(path: string | undefined, state: State): string | undefined {
  if (path === undefined) return undefined;
  if (path.startsWith("/")) return cleanPath(path);
  return state.workdir === undefined ? undefined : cleanPath(`${state.workdir}/${path}`);
}

function resolveDestination(written: string | undefined, state: State): Destination | undefined {
  const path = resolvePath(written, state);
  if (path === undefined || written === undefined) return undefined;
  const directory = written === "" || /(?:^|\/)\.?$/.test(written) || state.workdirs.has(path);
  return { path, directory };
}

/** What `--from` or `from=` names: a stage by name or number, else an image. */
function fileOrigin(written: Word, { dockerfile, scope }: Resolver): Origin {
  const name = written.text;
  const stage = findStage(dockerfile, name);
  if (stage !== undefined) return { kind: "stage", index: stage };
  // A number that no stage has is for the builder to refuse; it names no image.
  return NUMBER.test(name) ? { kind: "scratch" } : imageOrigin(name, written, scope);
}

const NUMBER = /^[+-]?\d+$/;

/** The stage of a name, of which the last counts, or of a number. */
export function findStage(dockerfile: Dockerfile, name: string): number | undefined {
  const named = dockerfile.stages.findLast((stage) => stage.name === name.toLowerCase());
  if (named) return named.index;
  const number = NUMBER.test(name) ? Number(name) : undefined;
  return number !== undefined && dockerfile.stages[number] ? number : undefined;
}
