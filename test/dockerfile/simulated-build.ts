import { cleanPath } from "../../src/dockerfile/paths.ts";

/** Files by path. */
export type Files = ReadonlyMap<string, string>;

/** One step of a made-up stage. */
export type SimulatedStep =
  | { readonly kind: "workdir"; readonly path: string }
  | { readonly kind: "copy" | "add"; readonly source: string; readonly to: string }
  | { readonly kind: "take"; readonly stage: number; readonly source: string; readonly to: string }
  | { readonly kind: "run"; readonly mount?: string };

/** A made-up stage: what it starts from is an earlier stage's number, or the base image. */
export interface SimulatedStage {
  readonly from: number | "base";
  readonly steps: readonly SimulatedStep[];
}

/** The Dockerfile of made-up stages. */
export function dockerfileText(stages: readonly SimulatedStage[]): string {
  return stages
    .flatMap(({ from, steps }, index) => [
      `FROM ${from === "base" ? "base" : `s${from}`} AS s${index}`,
      ...steps.map((step) => {
        switch (step.kind) {
          case "workdir":
            return `WORKDIR ${step.path}`;
          case "copy":
          case "add":
            return `${step.kind.toUpperCase()} ${step.source} ${step.to}`;
          case "take":
            return `COPY --from=s${step.stage} ${step.source} ${step.to}`;
          case "run":
            return `RUN ${step.mount === undefined ? "" : `--mount=source=${step.mount},target=/mnt `}something`;
        }
      }),
    ])
    .join("\n");
}

interface State {
  readonly files: Map<string, string>;
  readonly directories: Set<string>;
  workdir: string;
}

/** Thrown where the builder would stop. */
export class BuildStops extends Error {}

/**
 * What the last stage's image holds, worked out naively. A RUN writes down all that it could have seen, so whatever
 * reaches a RUN reaches the image.
 */
export function simulate(stages: readonly SimulatedStage[], context: Files, baseWorkdir: string): Files {
  const states: State[] = [];
  for (const { from, steps } of stages) {
    const parent = from === "base" ? undefined : states[from];
    const state: State = {
      files: new Map(parent?.files),
      directories: new Set(parent?.directories ?? ["/", baseWorkdir]),
      workdir: parent?.workdir ?? baseWorkdir,
    };
    for (const [index, step] of steps.entries()) {
      if (step.kind === "workdir") {
        state.workdir = resolve(step.path, state);
        makeDirectory(state, state.workdir);
      } else if (step.kind === "run") {
        const mounted = step.mount === undefined ? [] : matching(context, step.mount);
        state.files.set(`/out/${states.length}-${index}`, JSON.stringify([...state.files, ...mounted]));
      } else if (step.kind === "take") {
        const rooted = new Map([...(states[step.stage]?.files ?? [])].map(([path, text]) => [path.slice(1), text]));
        transfer(state, rooted, step);
      } else transfer(state, context, step);
    }
    states.push(state);
  }
  return states.at(-1)?.files ?? new Map();
}

function transfer(state: State, from: Files, { source, to }: { readonly source: string; readonly to: string }): void {
  const destination = resolve(to, state);
  const root = cleanPath(`/${source}`).slice(1);
  const names = root.split("/");
  const tops = root === "" ? [""] : matchingTops(from, names);
  if (tops.length === 0 && !root.includes("*")) throw new BuildStops();
  for (const top of tops) {
    const text = from.get(top);
    if (text !== undefined) {
      const inside = to.endsWith("/") || to === "." || state.directories.has(destination);
      put(state, inside ? `${destination === "/" ? "" : destination}/${top.split("/").at(-1)}` : destination, text);
      continue;
    }
    makeDirectory(state, destination);
    for (const [path, content] of from) {
      const rest = top === "" ? path : path.startsWith(`${top}/`) ? path.slice(top.length + 1) : undefined;
      if (rest !== undefined) put(state, cleanPath(`${destination}/${rest}`), content);
    }
  }
}

/** Files and directories of as many names as the pattern has. */
function matchingTops(from: Files, names: readonly string[]): readonly string[] {
  const expression = new RegExp(
    `^${names.map((name) => name.replaceAll(".", "\\.").replaceAll("*", "[^/]*")).join("/")}$`,
  );
  const tops = new Set<string>();
  for (const path of from.keys()) {
    const top = path.split("/").slice(0, names.length).join("/");
    if (expression.test(top)) tops.add(top);
  }
  return [...tops].sort();
}

function matching(from: Files, source: string): readonly (readonly [string, string])[] {
  const root = cleanPath(`/${source}`).slice(1);
  return [...from].filter(([path]) => root === "" || path === root || path.startsWith(`${root}/`));
}

function resolve(path: string, state: State): string {
  return cleanPath(path.startsWith("/") ? path : `${state.workdir}/${path}`);
}

function put(state: State, path: string, content: string): void {
  if (state.directories.has(path)) throw new BuildStops();
  makeDirectory(state, path.slice(0, path.lastIndexOf("/")) || "/");
  state.files.set(path, content);
}

function makeDirectory(state: State, path: string): void {
  for (let at = path; at !== "/" && at !== ""; at = at.slice(0, at.lastIndexOf("/"))) {
    if (state.files.has(at)) throw new BuildStops();
    state.directories.add(at);
  }
}
