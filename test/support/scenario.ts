import { randomBytes } from "node:crypto";
import { chmod, chown, cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { test as base } from "vitest";
import type { LoggedRequest } from "./engine-request.ts";
import { FaultProxy } from "./fault-proxy.ts";
import { type BareContainer, BareEngine } from "./scenario-engine.ts";
import { type EngineInventory, inventoryDifference, sweepEngine, takeInventory } from "./scenario-leaks.ts";
import { planLines, type PrintedPlan, steadyText } from "./scenario-plan.ts";
import { type Caller, DockProcess, type Finished, PROGRAM } from "./scenario-process.ts";

/** A run of dock with the requests that reached the engine. */
export interface Run extends Finished {
  readonly requests: readonly LoggedRequest[];
  /** Those that may have changed something. */
  readonly mutations: readonly string[];
  /** Whether the builder was asked for anything. */
  readonly builderCalled: boolean;
}

export interface RunOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Below the project's directory. */
  readonly cwd?: string;
  /** Past the proxy, or to another engine. */
  readonly host?: string;
  readonly deadline?: number;
}

/**
 * A project of its own in a temporary directory, on the engine at hand through a proxy that logs every request. What
 * the engine has afterwards is compared with what it had before, all of it: nothing may be left behind.
 */
export class Scenario {
  readonly engine = new BareEngine();
  readonly project = `docktest-${randomBytes(4).toString("hex")}`;
  readonly root: string;
  /** Where dock.yaml lies. */
  readonly directory: string;
  readonly proxy: FaultProxy;
  #caller: Caller | undefined;
  readonly #runs: DockProcess[] = [];
  readonly #before: EngineInventory;

  private constructor(root: string, of: { readonly proxy: FaultProxy; readonly before: EngineInventory }) {
    this.root = root;
    this.directory = join(root, "project");
    this.proxy = of.proxy;
    this.#before = of.before;
  }

  static async begin(): Promise<Scenario> {
    const engine = new BareEngine();
    const before = await takeInventory(engine);
    if (![...before].some((line) => line.startsWith("tag busybox:latest ")))
      throw new Error("the engine lacks busybox:latest: node scripts/base-images.mjs busybox:latest");
    const root = await realpath(await mkdtemp(join(tmpdir(), "dock-scenario-")));
    const scenario = new Scenario(root, { before, proxy: await FaultProxy.start({ upstream: engine.socketPath }) });
    await Promise.all(["project", "cache", "home"].map((name) => mkdir(join(root, name))));
    return scenario;
  }

  /**
   * Runs dock from now on as a user who is not root: the one with this number, or whoever runs the tests where that is
   * not root. What the project has so far is that user's.
   */
  async becomeUser(id: number): Promise<Omit<Caller, "program">> {
    const own = { uid: process.getuid?.() ?? id, gid: process.getgid?.() ?? id };
    if (own.uid !== 0) return own;
    // Where this checkout lies, nobody else may be let in.
    const program = join(this.root, "program");
    await cp(dirname(PROGRAM), program, { recursive: true });
    const all = ["project", "cache", "home"].map((name) => join(this.root, name));
    for (const path of [this.root, dirname(this.proxy.socketPath), this.proxy.socketPath, ...all])
      await chown(path, id, id);
    this.#caller = { uid: id, gid: id, program: join(program, basename(PROGRAM)) };
    return this.#caller;
  }

  /** Writes files below the project's directory; one that begins with #! is executable. */
  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      const file = join(this.directory, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
      if (this.#caller) await this.#giveToCaller(file);
      if (text.startsWith("#!")) await chmod(file, 0o755);
    }
  }

  async #giveToCaller(file: string): Promise<void> {
    const { uid = 0, gid = 0 } = this.#caller ?? {};
    for (let path = file; path !== this.directory; path = dirname(path)) await chown(path, uid, gid);
  }

  async read(path: string): Promise<string> {
    return readFile(join(this.directory, path), "utf8");
  }

  /** Writes dock.yaml: a JSON text is YAML too. */
  async declare(project: Readonly<Record<string, unknown>>): Promise<void> {
    await this.write({ "dock.yaml": `${JSON.stringify({ name: this.project, ...project }, undefined, 2)}\n` });
  }

  environment(options: RunOptions = {}): Readonly<Record<string, string>> {
    return {
      PATH: process.env["PATH"] ?? "",
      HOME: join(this.root, "home"),
      XDG_CACHE_HOME: join(this.root, "cache"),
      DOCKER_HOST: options.host ?? this.proxy.host,
      ...options.env,
    };
  }

  /** Starts dock and does not wait for it. */
  start(args: readonly string[], options: RunOptions = {}): DockProcess {
    const run = new DockProcess(args, {
      cwd: join(this.directory, options.cwd ?? "."),
      env: this.environment(options),
      ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
      ...(options.deadline === undefined ? {} : { deadline: options.deadline }),
      caller: this.#caller,
    });
    this.#runs.push(run);
    return run;
  }

  /** Runs dock to its end, however it ends. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<Run> {
    const from = this.proxy.requests.length;
    const finished = await this.start(args, options).end();
    const requests = this.proxy.requests.slice(from);
    const mutations = requests.filter(({ mutating }) => mutating).map(({ method, path }) => `${method} ${path}`);
    const builderCalled = requests.some(({ path }) => /^\/(session|grpc|build)$/.test(path));
    return { ...finished, requests, mutations, builderCalled };
  }

  /** Runs dock and throws unless it ends with `code`. */
  async dock(args: readonly string[], options: RunOptions & { readonly code?: number } = {}): Promise<Run> {
    const run = await this.run(args, options);
    if (run.code !== (options.code ?? 0)) {
      throw new Error(`dock ended with ${run.code}, not ${options.code ?? 0}\n${this.#runs.at(-1)?.transcript()}`);
    }
    return run;
  }

  /** What `plan` says there is to do, a line an action. */
  async planned(args: readonly string[] = []): Promise<readonly string[]> {
    const { stdout } = await this.dock(["plan", "--json", ...args]);
    return planLines(JSON.parse(stdout) as PrintedPlan, this);
  }

  /** Text without what differs from run to run. */
  steady(text: string): string {
    return steadyText(text, this);
  }

  /** The project's containers by service and number: `web/1`. */
  async containers(): Promise<Readonly<Record<string, BareContainer>>> {
    const own = (await this.engine.containers()).filter(({ Labels }) => Labels["dev.dock.project"] === this.project);
    return Object.fromEntries(
      own.map((container) => [
        `${container.Labels["dev.dock.service"]}/${container.Labels["dev.dock.number"]}`,
        container,
      ]),
    );
  }

  /** Container ids by slot. */
  async ids(): Promise<Readonly<Record<string, string>>> {
    return Object.fromEntries(Object.entries(await this.containers()).map(([slot, { Id }]) => [slot, Id]));
  }

  /** What a command in a service's running container prints. */
  async inside(service: string, ...command: readonly string[]): Promise<string> {
    return (await this.dock(["exec", service, ...command])).stdout.trimEnd();
  }

  /** Everything that was run, for the report of a failed test. */
  transcript(): string {
    return this.#runs.map((run) => run.transcript()).join("\n");
  }

  /** Ends what still runs and removes whatever bears the project's name. */
  async end(): Promise<void> {
    const running = this.#runs.filter(({ child }) => child.exitCode === null && child.signalCode === null);
    for (const run of running) run.signal("SIGKILL");
    await Promise.all(running.map(async (run) => run.end().catch(() => undefined)));
    await this.proxy[Symbol.asyncDispose]();
    await sweepEngine(this.engine, this.project);
    await rm(this.root, { recursive: true, force: true });
  }

  /** Deletes everything that dock keeps on this machine. */
  async forget(): Promise<void> {
    await rm(join(this.root, "cache"), { recursive: true });
  }

  /** Removes images without a tag that came up meanwhile: as with `docker build`, a tag that moves leaves one. */
  async removeUntagged(): Promise<void> {
    for (const { Id, RepoTags } of await this.engine.images()) {
      if ((RepoTags ?? []).every((tag) => tag === "<none>:<none>") && !this.#before.has(`image ${Id}`))
        await this.engine.remove(`/images/${Id}`);
    }
  }

  /** Takes the project down as its user would, with the tags that only the user may remove; then the engine is as it was. */
  async tearDown(): Promise<void> {
    await this.dock(["down", "--volumes", "--rmi"]);
    const tags = (await this.engine.images()).flatMap(({ RepoTags }) => RepoTags ?? []);
    for (const tag of tags) {
      if (tag.startsWith(this.project)) await this.engine.remove(`/images/${encodeURIComponent(tag)}`);
    }
    const left = inventoryDifference(this.#before, await takeInventory(this.engine));
    if (left.length > 0) throw new Error(`the engine is not as it was:\n${left.join("\n")}\n${this.transcript()}`);
  }
}

/** Asks until the answer is one; fails after `milliseconds` with the last reason why it was none. */
export async function eventually<T>(ask: () => Promise<T>, milliseconds = 15_000): Promise<T> {
  const until = performance.now() + milliseconds;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > until) throw error;
      await delay(30);
    }
  }
}

/** A port of 127.0.0.1 that nothing listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A service that does nothing until it is stopped, which it is at once. */
export const IDLE = { image: "busybox:latest", command: ["sleep", "3600"], stop_signal: "SIGKILL" } as const;

/**
 * A test with a scenario of its own. At its end the project is taken down and the engine has to be as it was before;
 * a failed test prints what was run.
 */
export const scenario = base.extend<{ readonly s: Scenario }>({
  s: async ({ task }, use) => {
    const s = await Scenario.begin();
    try {
      await use(s);
      if (task.result?.state === "fail") {
        process.stderr.write(`\n── ${task.name}\n${s.transcript()}\n`);
        return;
      }
      await s.tearDown();
    } finally {
      await s.end();
    }
  },
});
