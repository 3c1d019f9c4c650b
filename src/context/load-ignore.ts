import { lstatSync, readFileSync, readlinkSync } from "node:fs";
import { basename, dirname } from "node:path";
import { DockError } from "../error.ts";
import { contextPath } from "../dockerfile/paths.ts";
import { errorCode, isGone } from "./file-error.ts";
import { type PatternList, patternList, readIgnoreFile } from "./ignore.ts";

/** What keeps files of a context from the builder. */
export interface IgnoreFile {
  /** Where it was found, for messages; undefined where there is none. */
  readonly file?: string;
  /** Its text; empty where there is none. */
  readonly text: string;
  readonly patterns: PatternList;
}

/** No ignore file. */
export const IGNORE_NOTHING: IgnoreFile = { text: "", patterns: patternList([], "") };

const MAX_LINKS = 40;

/**
 * The ignore file of a build: `<Dockerfile>.dockerignore` beside the Dockerfile (no path for an inline one), else
 * `.dockerignore` in the context. One that can't be read or understood is a `DockError`: without it, files would be
 * sent that were meant to stay.
 */
export function loadIgnore(context: string, dockerfile: string | undefined): IgnoreFile {
  const candidates = [
    ...(dockerfile === undefined
      ? []
      : [{ directory: dirname(dockerfile), name: `${basename(dockerfile)}.dockerignore` }]),
    { directory: context, name: ".dockerignore" },
  ];
  for (const { directory, name } of candidates) {
    const text = readInside(directory, name);
    if (text === undefined) continue;
    const file = `${directory}/${name}`;
    return { file, text, patterns: patternList(readIgnoreFile(text), file) };
  }
  return IGNORE_NOTHING;
}

/** A file's text, its links followed as the builder follows them: inside of the directory. Undefined when there is none. */
function readInside(directory: string, name: string): string | undefined {
  let path = name;
  try {
    for (let links = 0; links < MAX_LINKS; links += 1) {
      const link = firstLink(directory, path);
      if (link === undefined) return readFileSync(`${directory}/${path}`, "utf8");
      path = link;
    }
    return undefined;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw new DockError("invalid-project", `cannot read ${directory}/${name}: ${errorCode(error) ?? "failed"}`, {
      hint: "it says what stays out of the build, so the build can't go on without it",
      cause: error,
    });
  }
}

/** The path with its first link put in; undefined where it has none. */
function firstLink(directory: string, path: string): string | undefined {
  const names = path.split("/");
  for (const index of names.keys()) {
    const current = names.slice(0, index + 1).join("/");
    if (!lstatSync(`${directory}/${current}`).isSymbolicLink()) continue;
    const target = readlinkSync(`${directory}/${current}`);
    const parent = names.slice(0, index).join("/");
    const rest = names.slice(index + 1).join("/");
    return contextPath(`${target.startsWith("/") ? target : `${parent}/${target}`}/${rest}`);
  }
  return undefined;
}
