import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { readIgnoreFile } from "../context/ignore.ts";
import { type IgnoreFile, loadIgnore } from "../context/load-ignore.ts";
import { type Because, hiddenByBind } from "../dockerfile/hidden.ts";
import { contextReads, sourceTest } from "../dockerfile/reads.ts";
import type { Lines } from "../dockerfile/scan.ts";
import type { Scope } from "../dockerfile/scope.ts";
import type { Project } from "../project/model.ts";
import { pathBelow } from "../std/path-below.ts";
import { devView } from "./dev-view.ts";
import type { ReadDockerfile } from "./dockerfiles.ts";
import { digestDirectory, type ImageGathering, knownBases } from "./image-inputs.ts";

/** What a path of its context means for an image, and which line says so. */
export interface ImageTrace {
  readonly image: string;
  /** Relative to the context. */
  readonly path: string;
  /** What keeps it from the build, or takes it back in: the last pattern that matches. */
  readonly ignore?: { readonly pattern: string; readonly place: string };
  /** The instruction that reads it. */
  readonly step?: { readonly text: string; readonly place: string };
  readonly meaning:
    | { readonly kind: "ignored" }
    /** Nothing that the target reaches reads it. */
    | { readonly kind: "unread" }
    /** It is read, but in dev mode no container can see it: these are the places that it is put. */
    | { readonly kind: "hidden"; readonly places: readonly string[] }
    | { readonly kind: "counts"; readonly because?: Because };
}

/** Traces a path, which need not exist, through the build of one image; undefined when it lies outside of its context. */
export async function traceImage(
  project: Project,
  of: { readonly image: string; readonly path: string },
  gathering: ImageGathering,
): Promise<ImageTrace | undefined> {
  const file = gathering.dockerfiles.get(of.image);
  if (!file || file.image.context.kind !== "directory") return undefined;
  const { path: root } = file.image.context;
  const path = pathBelow(root, of.path);
  if (path === undefined || path === "") return undefined;
  const ignoreFile = loadIgnore(root, file.path);
  const ignore = lastMatch(ignoreFile, path);
  const known = { image: of.image, path, ...(ignore ? { ignore } : {}) };
  if (ignoreFile.patterns.match(path).matched) return { ...known, meaning: { kind: "ignored" } };
  const scope: Scope = { ...file.scope, bases: knownBases(file, gathering.observed) };
  const traced = await significanceOf(project, { file, scope, path }, gathering);
  const step = traced.lines && stepAt(file, traced.lines);
  return { ...known, ...(step ? { step } : {}), meaning: traced.meaning };
}

async function significanceOf(
  project: Project,
  of: { readonly file: ReadDockerfile; readonly scope: Scope; readonly path: string },
  gathering: ImageGathering,
): Promise<{ readonly meaning: ImageTrace["meaning"]; readonly lines?: Lines }> {
  const { file, scope, path } = of;
  const reads = contextReads(file.dockerfile, scope);
  if (reads === "everything") return { meaning: { kind: "counts", because: "unsure what the Dockerfile reads" } };
  const reader = reads.findLast(({ sources }) => sources.some((source) => sourceTest(source)(path)));
  const view = gathering.mode === "dev" ? await devView(project, file.image.key, gathering.dockerfiles) : undefined;
  const { links } = view ? await digestDirectory(project, { ...file, scope }, gathering) : { links: undefined };
  const hiding = view && links && hiddenByBind(file.dockerfile, scope, { ...view, links });
  const found = hiding?.significance(path);
  if (found?.kind === "counts") return { meaning: { kind: "counts", because: found.because }, lines: found.lines };
  if (!reader) return { meaning: { kind: "unread" } };
  if (found?.kind === "hidden") return { meaning: { kind: "hidden", places: found.places }, lines: reader.lines };
  return { meaning: { kind: "counts" }, lines: reader.lines };
}

function stepAt({ dockerfile, name }: ReadDockerfile, { start, end }: Lines): NonNullable<ImageTrace["step"]> {
  const [first = "", ...more] = dockerfile.text.split("\n").slice(start - 1, end);
  return { text: more.length > 0 ? `${first.trim()} …` : first.trim(), place: `${name}:${start}` };
}

/** The line of an ignore file that has the last word about a path. */
function lastMatch({ file, patterns }: IgnoreFile, path: string): ImageTrace["ignore"] {
  if (file === undefined) return undefined;
  const { matches } = patterns.match(path);
  const index = matches.lastIndexOf(true);
  const pattern = patterns.patterns[index];
  if (!pattern) return undefined;
  return {
    pattern: `${pattern.exception ? "!" : ""}${pattern.text}`,
    place: `${basename(file)}:${lineOf(readFileSync(file, "utf8"), index)}`,
  };
}

/** The number of the line that the pattern at an index stands in. */
function lineOf(text: string, index: number): number {
  const lines = text.split("\n");
  let seen = -1;
  const found = lines.findIndex((line) => (seen += readIgnoreFile(line).length) === index);
  return found + 1;
}
