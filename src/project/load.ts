import { constants } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import type { Diagnostic, Source } from "../diagnostic.ts";
import { DockError } from "../error.ts";
import { compile } from "./compile.ts";
import type { DeclaredVariable } from "./declared-variables.ts";
import type { ImageOverride } from "./image-overrides.ts";
import type { Project } from "./model.ts";
import { type IndexPlace, knownTree, rememberTree } from "./known-tree.ts";
import { MAX_BYTES, type Parsed } from "./parsed.ts";

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
}

/** Reads and compiles the project file of a directory or its nearest parent. Throws `DockError` only where there is no file to read. */
export async function loadProject(options: LoadOptions): Promise<Loaded> {
  const file = options.file === undefined ? await findProjectFile(options.cwd) : resolve(options.cwd, options.file);
  const source = await readSource(file, options.cwd);
  if (!source)
    throw new DockError("not-found", `${shown(file, options.cwd)} does not exist`, {
      hint: "name another file with -f",
    });
  const directory = dirname(file);
  const envFile = options.envFile === undefined ? join(directory, ".env") : resolve(options.cwd, options.envFile);
  const dotenv = await readSource(envFile, options.cwd);
  if (!dotenv && options.envFile !== undefined)
    throw new DockError("not-found", `${options.envFile} does not exist`, { hint: "check --env-file" });
  const { env, vars, projectName, profiles, overrides } = options;
  const { cacheDirectory } = options;
  const parsed = await parseOnce(source, cacheDirectory === undefined ? undefined : { cacheDirectory, file });
  const { project, diagnostics, hidden, variables } = compile(source, parsed, {
    env,
    vars,
    projectName,
    profiles,
    dotenv,
    directory,
    envFile,
    overrides,
  });
  return { project, diagnostics, source, hidden, variables };
}

/** Parses a text, unless it is known where its values stand: the parser is the larger part of reading an unchanged file. */
async function parseOnce(source: Source, place: IndexPlace | undefined): Promise<Parsed> {
  const known = place && knownTree(place, source);
  if (known) return { tree: known, diagnostics: [] };
  const { parse } = await import("./parse.ts");
  const parsed = parse(source);
  if (place && parsed.tree && parsed.diagnostics.length === 0) await rememberTree(place, source, parsed.tree);
  return parsed;
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
    throw unreadable(file, error);
  }
}

/** A text file, or undefined when there is none. Anything but a regular file of UTF-8 is refused without waiting on it. */
async function readSource(file: string, cwd: string): Promise<Source | undefined> {
  const name = shown(file, cwd);
  try {
    // Without O_NONBLOCK a FIFO would wait for its writer.
    await using handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const info = await handle.stat();
    if (!info.isFile())
      throw new DockError("invalid-project", `${name} is ${info.isDirectory() ? "a directory" : "no regular file"}`);
    if (info.size > MAX_BYTES) throw new DockError("invalid-project", `${name} is larger than 1 MiB`);
    return { file: name, text: decode(await readAtMost(handle), name) };
  } catch (error) {
    if (error instanceof DockError) throw error;
    if (isMissing(error)) return undefined;
    throw unreadable(name, error);
  }
}

/** The file may grow while it is read. */
async function readAtMost(handle: FileHandle): Promise<Uint8Array> {
  const buffer = new Uint8Array(MAX_BYTES + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

function decode(bytes: Uint8Array, name: string): string {
  const isUtf16 =
    (bytes[0] === 0xff && bytes[1] === 0xfe) ||
    (bytes[0] === 0xfe && bytes[1] === 0xff) ||
    (bytes.length > 1 && (bytes[0] === 0) !== (bytes[1] === 0));
  if (isUtf16) throw new DockError("invalid-project", `${name} is UTF-16`, { hint: "save it as UTF-8" });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new DockError("invalid-project", `${name} is not valid UTF-8`, { hint: "save it as UTF-8", cause: error });
  }
}

/** The name that messages use: relative to where the user stands, unless that climbs. */
function shown(file: string, cwd: string): string {
  const path = relative(cwd, file);
  return path === "" || path.startsWith("../../") || isAbsolute(path) ? file : path;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

function unreadable(name: string, cause: unknown): DockError {
  const reason = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
  return new DockError("invalid-project", `${name} can't be read${reason}`, { cause });
}
