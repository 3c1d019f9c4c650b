import { stat } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import type { Diagnostic, Source } from "../diagnostic.ts";
import { DockError } from "../error.ts";
import { compile } from "./compile.ts";
import type { DeclaredVariable } from "./declared-variables.ts";
import { parseEnvFile } from "./env-file.ts";
import type { ImageOverride } from "./image-overrides.ts";
import { type Included, includeFiles, type ProjectFile } from "./include.ts";
import { knownTree, rememberTree } from "./known-tree.ts";
import type { Project } from "./model.ts";
import { isMissing, readSource, unreadable } from "./read-source.ts";
import { outsideLookup } from "./variables.ts";

/** Names of a project file, the first one wins. */
const FILE_NAMES = ["dock.yaml", "dock.yml"];

/** Where a project is looked for and what it is compiled with. */
export interface LoadOptions {
  /** Absolute. */
  readonly cwd: string;
  /** `-f`. */
  readonly file?: string | undefined;
  /** `--project`. */
  readonly projectName?: string | undefined;
  /** `--env-file`. */
  readonly envFile?: string | undefined;
  /** `--profile`. */
  readonly profiles?: readonly string[] | undefined;
  readonly vars: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `--set`. */
  readonly overrides?: readonly ImageOverride[] | undefined;
  /** Where to keep what makes it faster to read an unchanged file again. */
  readonly cacheDirectory?: string | undefined;
}

/** A project file that was read; `project` is undefined when a diagnostic is an error. */
export interface Loaded {
  readonly project: Project | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly source: Source;
  /** Values that dock's own output must not show. */
  readonly hidden: readonly string[];
  /** What `vars` says. */
  readonly variables: readonly DeclaredVariable[];
  /** Absolute paths of all files that were looked for to make it: an edit of one of them may make another project. */
  readonly files: readonly string[];
}

/** Reads and compiles the project file of a directory or its nearest parent. Throws `DockError` only where there is no file to read. */
export async function loadProject(options: LoadOptions): Promise<Loaded> {
  const { env, vars, projectName, profiles, overrides, cwd } = options;
  const path = options.file === undefined ? await findProjectFile(cwd) : resolve(cwd, options.file);
  const source = await readText(path, cwd);
  if (!source)
    throw new DockError("not-found", `${shown(path, cwd)} does not exist`, { hint: "name another file with -f" });
  const directory = dirname(path);
  const envFile = options.envFile === undefined ? join(directory, ".env") : resolve(cwd, options.envFile);
  const dotenv = await readText(envFile, cwd);
  if (!dotenv && options.envFile !== undefined)
    throw new DockError("not-found", `${options.envFile} does not exist`, { hint: "check --env-file" });
  const root = await parsedFile(path, source, options);
  const outside = { env, vars, dotenv: dotenv ? parseEnvFile(dotenv, "env").values : {} };
  const { parsed, files: included } = await includeFiles(root, {
    lookup: outsideLookup(outside),
    home: env["HOME"] || undefined,
    read: (file) => readIncluded(file, options),
  });
  const { project, diagnostics, hidden, variables } = compile(source, parsed, {
    env,
    vars,
    projectName,
    profiles,
    dotenv,
    directory,
    envFile,
    overrides,
    included,
  });
  return { project, diagnostics, source, hidden, variables, files: [path, ...included, envFile] };
}

/** A text file, or undefined when there is none. */
async function readText(file: string, cwd: string): Promise<Source | undefined> {
  const reading = await readSource(file, shown(file, cwd));
  if (reading.kind === "unusable") throw new DockError("invalid-project", reading.message, reading);
  return reading.kind === "read" ? reading.source : undefined;
}

async function readIncluded(file: string, options: LoadOptions): Promise<Included> {
  const reading = await readSource(file, shown(file, options.cwd));
  if (reading.kind !== "read") return reading;
  return { kind: "read", file: await parsedFile(file, { ...reading.source, directory: dirname(file) }, options) };
}

/** Parses a text, unless it is known where its values stand: the parser is the larger part of reading an unchanged file. */
async function parsedFile(path: string, source: Source, { cacheDirectory }: LoadOptions): Promise<ProjectFile> {
  const place = cacheDirectory === undefined ? undefined : { cacheDirectory, file: path };
  const known = place && knownTree(place, source);
  if (known) return { path, source, parsed: { tree: known, diagnostics: [] } };
  const { parse } = await import("./parse.ts");
  const parsed = parse(source);
  if (place && parsed.tree && parsed.diagnostics.length === 0) await rememberTree(place, source, parsed.tree);
  return { path, source, parsed };
}

async function findProjectFile(cwd: string): Promise<string> {
  for (let directory = cwd; ; directory = dirname(directory)) {
    for (const name of FILE_NAMES) {
      const file = join(directory, name);
      if (await exists(file)) return file;
    }
    if (directory === dirname(directory)) break;
  }
  throw new DockError("not-found", `no ${FILE_NAMES[0]} found in ${cwd} or any parent`, {
    hint: "go to the project's directory, or name the file with -f",
  });
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    const { message, cause } = unreadable(file, error);
    throw new DockError("invalid-project", message, { cause });
  }
}

/** The name that messages use: relative to where the user stands, unless that climbs. */
function shown(file: string, cwd: string): string {
  const path = relative(cwd, file);
  return path === "" || path.startsWith("../../") || isAbsolute(path) ? file : path;
}
