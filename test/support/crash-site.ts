import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { run } from "../../src/cli/run.ts";
import { DockProcess, type Finished } from "./scenario-process.ts";

/** Ports that a project may publish, by a name that its definition uses. */
export type SitePorts = Readonly<Record<string, number>>;

/** Replaces the names of ports in a project's definition by numbers, and its image names as the engine has them. */
export type Revision = (ports: SitePorts) => Readonly<Record<string, unknown>>;

/**
 * Before dock's own code, for runs that meet an engine which goes silent: waits of ten seconds and more, which are
 * deadlines, become fifty times shorter. What is proved is that every call has one.
 */
const HURRY = [
  "const less=(ms)=>ms>=10000?ms/50:ms",
  "const wait=setTimeout,late=AbortSignal.timeout",
  "globalThis.setTimeout=(f,ms,...a)=>wait(f,less(ms),...a)",
  "AbortSignal.timeout=(ms)=>late.call(AbortSignal,less(ms))",
].join(";");

/** A directory with a project of a name of its own, on which dock is run. */
export class CrashSite implements AsyncDisposable {
  readonly project: string;
  readonly directory: string;
  readonly ports: SitePorts;
  /** Every run with its end, for the report of a failure. */
  readonly history: string[] = [];
  readonly #root: string;

  private constructor(root: string, of: { readonly project: string; readonly ports: SitePorts }) {
    this.#root = root;
    this.directory = join(root, "project");
    this.project = of.project;
    this.ports = of.ports;
  }

  static async begin(ports: SitePorts): Promise<CrashSite> {
    const root = await realpath(await mkdtemp(join(tmpdir(), "dock-crash-")));
    const site = new CrashSite(root, { project: `dockcrash-${randomBytes(4).toString("hex")}`, ports });
    await Promise.all(["project/src", "home", "cache"].map((path) => mkdir(join(root, path), { recursive: true })));
    return site;
  }

  /** Writes dock.yaml: a JSON text is YAML too. */
  async declare(revision: Revision): Promise<void> {
    const text = JSON.stringify({ name: this.project, ...revision(this.ports) }, undefined, 1);
    await writeFile(join(this.directory, "dock.yaml"), text);
  }

  /** Runs dock in this process, to its end. */
  async run(args: readonly string[], host: string): Promise<Finished> {
    const [stdout, stderr] = [new TextSink(), new TextSink()];
    const stdin = new PassThrough().end();
    const io = { stdin, stdout, stderr, cwd: this.directory, env: this.#environment(host) };
    const finished = { code: await run(args, io), stdout: stdout.text, stderr: stderr.text };
    this.history.push(transcript(args, finished));
    return finished;
  }

  /** Starts dock as a process of its own. */
  start(
    args: readonly string[],
    how: { readonly host: string; readonly deadline: number; readonly hurry: boolean },
  ): DockProcess {
    const hurry = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(HURRY)}` };
    const env = { ...this.#environment(how.host), ...(how.hurry ? hurry : {}) };
    return new DockProcess(args, { cwd: this.directory, env, deadline: how.deadline });
  }

  /** Text in which the site's ports go by their names and its directory is a dot. */
  steady = (text: string): string => {
    let steady = text.replaceAll(this.directory, ".");
    for (const [name, port] of Object.entries(this.ports))
      steady = steady.replaceAll(new RegExp(`\\b${port}\\b`, "g"), name);
    return steady;
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#root, { recursive: true, force: true });
  }

  #environment(host: string): Readonly<Record<string, string>> {
    return {
      PATH: process.env["PATH"] ?? "",
      HOME: join(this.#root, "home"),
      XDG_CACHE_HOME: join(this.#root, "cache"),
      DOCKER_HOST: host,
    };
  }
}

/** A command line with what came of it. */
export function transcript(args: readonly string[], { code, stdout, stderr }: Finished): string {
  return [`$ dock ${args.join(" ")}`, stdout.trimEnd(), stderr.trimEnd(), `→ ${code}`]
    .filter((part) => part !== "")
    .join("\n");
}

class TextSink extends Writable {
  text = "";

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString("utf8");
    done();
  }
}
