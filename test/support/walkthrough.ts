import { execFile } from "node:child_process";
import { cp, readFile, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { type Run, type RunOptions, Scenario } from "./scenario.ts";
import type { PrintedPlan } from "./scenario-plan.ts";
import type { DockProcess } from "./scenario-process.ts";

const ROOT = join(import.meta.dirname, "../..");
/** Milliseconds that a command which compiles or installs something may take on a busy machine. */
export const BUILDING = 400_000;

/** One of the example folders, copied, under a name and with tags of its own, so that a running `npm start` keeps its. */
export interface Example extends AsyncDisposable {
  readonly scenario: Scenario;
  /** The copy. */
  readonly directory: string;
  /** Begins every tag that the copy declares. */
  readonly repository: string;
  /** Runs dock on the copy; rejects unless it ends with `code` (default 0). */
  dock(args: readonly string[], options?: RunOptions & { readonly code?: number }): Promise<Run>;
  /** Starts dock on the copy and does not wait for it. */
  start(args: readonly string[]): DockProcess;
  plan(args?: readonly string[]): Promise<PrintedPlan>;
  /** Replaces text in a file of the copy; the text must be there. */
  edit(path: string, from: string, to: string): Promise<void>;
  /**
   * Takes the project down as its user would and rejects when anything of it is left on the engine then: an object, a
   * tag, or an image that this project has built.
   */
  takeDown(): Promise<void>;
}

/** Copies an example and sets its variables; disposing it removes whatever bears its name. */
export async function openExample(name: string, vars: Readonly<Record<string, string>>): Promise<Example> {
  const scenario = await Scenario.begin();
  const { directory, engine, project } = scenario;
  const repository = `${project}-${name}`;
  await cp(join(ROOT, "examples", name), directory, {
    recursive: true,
    filter: (source) => !/^node_modules$|\.tar\.gz$/.test(basename(source)),
  });
  const before = new Set((await engine.images()).map(({ Id }) => Id));
  const globals = ["-p", project, ...Object.entries(vars).flatMap(([key, value]) => ["--var", `${key}=${value}`])];
  const own = (tags: readonly string[] | null): readonly string[] =>
    (tags ?? []).filter((tag) => tag.startsWith(project));
  const example: Example = {
    scenario,
    directory,
    repository,
    dock: (args, options) => scenario.dock([...globals, ...args], { deadline: BUILDING, ...options }),
    start: (args) => scenario.start([...globals, ...args], { deadline: BUILDING }),
    plan: async (args = []) => JSON.parse((await example.dock(["plan", "--json", ...args])).stdout) as PrintedPlan,
    async edit(path, from, to) {
      const text = await readFile(join(directory, path), "utf8");
      if (!text.includes(from)) throw new Error(`${path} has no ${from}`);
      await writeFile(join(directory, path), text.replaceAll(from, to));
    },
    async takeDown() {
      const built = (await engine.images()).filter(({ Id, RepoTags }) => own(RepoTags).length > 0 && !before.has(Id));
      await example.dock(["down", "--volumes", "--rmi"]);
      // The declared tags are the user's to remove.
      const tags = (await engine.images()).flatMap(({ RepoTags }) => own(RepoTags));
      const inputs = tags.filter((tag) => /:in-[0-9a-f]{64}$/.test(tag));
      for (const tag of tags) await engine.remove(`/images/${encodeURIComponent(tag)}`);
      const [containers, networks, volumes, images] = await Promise.all([
        engine.containers(),
        engine.networks(),
        engine.volumes(),
        engine.images(),
      ]);
      const left = [
        ...inputs,
        ...containers.flatMap(({ Names }) => Names.filter((each) => each.includes(project))),
        ...networks.flatMap((each) => (each.Name.startsWith(project) ? [each.Name] : [])),
        ...volumes.flatMap((each) => (each.Name.startsWith(project) ? [each.Name] : [])),
        ...images.flatMap(({ Id, RepoTags }) =>
          (RepoTags ?? []).length === 0 && built.some((image) => image.Id === Id) ? [Id] : [],
        ),
      ];
      if (left.length > 0) throw new Error(`left behind: ${left.join(", ")}`);
    },
    [Symbol.asyncDispose]: () => scenario.end(),
  };
  await example.edit("dock.yaml", `tags: ["${name}:`, `tags: ["${repository}:`);
  return example;
}

/** Runs a script of the project as its user would and gives what it prints. */
export async function runScript(script: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(ROOT, "scripts", script), ...args], {
    timeout: 120_000,
    killSignal: "SIGKILL",
  });
  return stdout.trim();
}

/** Ports of 127.0.0.1 that nothing listens on just now, all different, as text. */
export async function freePorts(count: number): Promise<readonly string[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => String((server.address() as AddressInfo).port));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
