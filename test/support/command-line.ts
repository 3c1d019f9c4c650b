import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { expect, test as base } from "vitest";
import { run } from "../../src/cli/run.ts";
import { FakeEngine } from "./fake-engine.ts";
import type { Finished } from "./scenario-process.ts";

/** What a command line is run with beyond its words. */
export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Below the project's directory. */
  readonly cwd?: string;
  /** Another engine than the command line's own. */
  readonly host?: string;
  /** Told of each piece of output as it is written; output waits for a promise, as for a slow reader. */
  readonly onOutput?: (text: string) => void | Promise<void>;
}

/** Whole command lines, run in this process: a directory with a project, a home, a cache and a fake engine of its own. */
export class CommandLine implements AsyncDisposable {
  readonly root: string;
  /** Where dock.yaml lies. */
  readonly directory: string;
  readonly cache: string;
  readonly home: string;
  readonly engine: FakeEngine;

  private constructor(root: string, engine: FakeEngine) {
    this.root = root;
    this.directory = join(root, "shop");
    this.cache = join(root, "cache");
    this.home = join(root, "home");
    this.engine = engine;
  }

  /** With a `busybox:latest` on the engine, whose containers run until they are stopped. */
  static async begin(): Promise<CommandLine> {
    const line = new CommandLine(await realpath(await mkdtemp(join(tmpdir(), "dock-line-"))), await FakeEngine.start());
    line.engine.addImage({ tags: ["busybox:latest"] });
    await Promise.all([line.directory, line.cache, line.home].map((path) => mkdir(path)));
    return line;
  }

  /** Writes files below the project's directory. */
  async write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
    for (const [path, content] of Object.entries(files)) {
      const file = join(this.directory, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
    }
  }

  /** Runs a command line to its end. */
  async run(args: readonly string[], options: CommandOptions = {}): Promise<Finished> {
    const stdout = new Sink(options.onOutput);
    const stderr = new Sink(options.onOutput);
    const env = {
      PATH: process.env["PATH"] ?? "",
      HOME: this.home,
      XDG_CACHE_HOME: this.cache,
      DOCKER_HOST: options.host ?? this.engine.host,
      ...options.env,
    };
    const cwd = join(this.directory, options.cwd ?? ".");
    const code = await run(args, { stdin: new PassThrough().end(), stdout, stderr, cwd, env });
    return { code, stdout: stdout.text, stderr: stderr.text };
  }

  /** Runs a command line that has to end with `code`; 0 unless told. */
  async dock(args: readonly string[], options: CommandOptions & { readonly code?: number } = {}): Promise<Finished> {
    const finished = await this.run(args, options);
    expect(finished.code, `$ dock ${args.join(" ")}\n${finished.stdout}${finished.stderr}`).toBe(options.code ?? 0);
    return finished;
  }

  /** What is left of a list of requests when those from before a number of them are taken off: `METHOD path`. */
  mutationsFrom(start: number): readonly string[] {
    return this.engine.mutations.slice(start).map(({ method, path }) => `${method} ${path}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine[Symbol.asyncDispose]();
    await rm(this.root, { recursive: true, force: true });
  }
}

class Sink extends Writable {
  text = "";
  readonly #told: CommandOptions["onOutput"];

  constructor(told: CommandOptions["onOutput"]) {
    super();
    this.#told = told;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const text = chunk.toString("utf8");
    this.text += text;
    // At once, or what was written last would not be here when the command has ended.
    if (!this.#told) return done();
    Promise.resolve(this.#told(text)).then(() => done(), done);
  }
}

/** A service that runs until it is stopped. */
export const IDLE = { image: "busybox:latest", command: ["sleep", "3600"] } as const;

/** A project file: JSON is YAML, too. */
export function projectFile(project: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(project, undefined, 2)}\n`;
}

/** A test with a command line of its own. */
export const commandLine = base.extend<{ readonly line: CommandLine }>({
  // oxlint-disable-next-line no-empty-pattern
  line: async ({}, use) => {
    await using line = await CommandLine.begin();
    await use(line);
  },
});
