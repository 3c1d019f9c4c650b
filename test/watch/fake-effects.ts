import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DockError } from "../../src/error.ts";
import type { Event } from "../../src/event.ts";
import type { FileInputs, Inputs } from "../../src/plan/inputs.ts";
import { effectiveService } from "../../src/plan/mode.ts";
import { loadProject } from "../../src/project/load.ts";
import type { Project } from "../../src/project/model.ts";
import { type Deferred, deferred } from "../../src/std/deferred.ts";
import { sha256 } from "../../src/std/digest.ts";
import type { Applied, Effects, Scope, ServiceContainer, Transferred, WatchAction } from "../../src/watch/effects.ts";
import type { Contents } from "../../src/watch/mirror.ts";
import type { Clock } from "../../src/std/clock.ts";
import { ManualClock } from "./manual-clock.ts";

/** A run of converge that a test holds in its hands. */
export interface HeldRun {
  readonly finish: () => void;
  readonly fail: (error: DockError) => void;
  readonly aborted: () => boolean;
}

/**
 * The rest of dock as the watch loop sees it: image inputs are the real files of the contexts, the engine remembers
 * what was applied. Contexts count whole, but for files that end in `.log`.
 */
export class FakeEffects implements Effects {
  readonly clock: Clock;
  readonly events: Event[] = [];
  /** What was asked of containers, in words. */
  readonly calls: string[] = [];
  readonly errors: DockError[] = [];
  readonly containerIds = new Map<string, string[]>();
  /** Those of them that don't run. */
  readonly stopped = new Set<string>();
  /** What each container remembers of its syncs. */
  readonly remembered = new Map<string, Contents>();
  /** Files of each container by path, as transfers have left them. */
  readonly files = new Map<string, Map<string, string>>();
  /** What the engine was made to match last. */
  applied: { readonly project: Project; readonly inputs: Inputs } | undefined;
  runs = 0;
  held: HeldRun[] = [];
  /** Whether runs wait for the test. */
  hold = false;
  /** What a container does when it starts again. */
  onRestart: (() => void) | undefined;
  failTransfers: DockError | undefined;
  /** Fails the run that sees this text in any input. */
  poison = "SYNTAX ERROR";
  readonly #building = new Set<string>();
  #projectFiles: readonly string[] = [];
  readonly #cwd: string;

  constructor(cwd: string, clock: Clock) {
    this.#cwd = cwd;
    this.clock = clock;
  }

  emit = (event: Event): void => void this.events.push(event);

  failed(event: WatchAction, error: DockError): void {
    this.events.push(event);
    this.errors.push(error);
  }

  /** Lines of what was done: "rebuild api: package.json". */
  actions(): readonly string[] {
    return this.events.flatMap((event) =>
      event.type === "watch-action"
        ? [`${event.ok ? "" : "failed: "}${event.action} ${event.services.join(",")}: ${event.files.join(" ")}`]
        : [],
    );
  }

  async load(): Promise<Project> {
    const { project, diagnostics, files } = await this.#read();
    this.#projectFiles = files;
    if (!project) throw new DockError("invalid-project", "the project file has mistakes", { diagnostics });
    return project;
  }

  async reload(): Promise<Project> {
    return this.load();
  }

  async scope(project: Project): Promise<Scope> {
    const services = Object.keys(project.services);
    const images = services.flatMap((key) => {
      const service = project.services[key];
      const image = service && effectiveService(service, "dev").image;
      return image?.kind === "built" ? [image.key] : [];
    });
    return { files: this.#projectFiles, services, images: new Set(images) };
  }

  async gather(project: Project): Promise<Inputs> {
    const images = Object.values(project.images).map((image) => {
      const root = image.context.kind === "directory" ? image.context.path : "";
      const files = filesOf(root);
      const hidden = Object.keys(files.files).filter((path) => !path.startsWith("src/"));
      const dev = inputsOf(Object.fromEntries(hidden.map((path) => [path, files.files[path] ?? ""])));
      const bound = Object.values(project.services).some((service) => (service.dev?.mounts.length ?? 0) > 0);
      return [
        image.key,
        {
          key: image.key,
          files,
          ...(bound ? { devFiles: { ...dev, hiddenTargets: ["/app/src"] } } : {}),
          dockerfile: sha256(files.files["Dockerfile"] ?? ""),
          args: {},
          references: [],
          unverified: [],
        },
      ] as const;
    });
    return { images: Object.fromEntries(images), environments: {}, hostUser: "0:0", salt: "" };
  }

  async converge(project: Project, signal: AbortSignal): Promise<Applied> {
    this.runs += 1;
    const inputs = await this.gather(project);
    const before = JSON.stringify(this.applied?.inputs.images);
    const same = before === JSON.stringify(inputs.images) && this.applied?.project === project;
    if (!same) for (const key of Object.keys(inputs.images)) this.#building.add(key);
    try {
      if (this.hold) await this.#wait(signal);
      if (JSON.stringify(inputs).includes(this.poison)) throw new DockError("build-failed", "the build failed");
    } finally {
      this.#building.clear();
    }
    this.applied = { project, inputs };
    return { inputs, actions: same ? 0 : 1 };
  }

  building(): ReadonlySet<string> {
    return this.#building;
  }

  async containers(service: string): Promise<readonly ServiceContainer[]> {
    return (this.containerIds.get(service) ?? []).map((id) => ({ id, running: !this.stopped.has(id) }));
  }

  async contents(_service: string, container: string): Promise<Contents> {
    return this.remembered.get(container) ?? new Map();
  }

  async transfer({ id: container, running }: ServiceContainer, what: Transferred): Promise<void> {
    const { deletes, copies } = what;
    if (!running && deletes.length > 0) throw new Error("nothing can be deleted in a container that does not run");
    this.calls.push(
      `transfer ${container} ${[...deletes.map((path) => `-${path}`), ...copies.map(({ target }) => `+${target}`)].join(" ")}`,
    );
    if (this.failTransfers) throw this.failTransfers;
    const files = this.files.get(container) ?? new Map<string, string>();
    this.files.set(container, files);
    for (const path of deletes)
      for (const file of files.keys()) if (file === path || file.startsWith(`${path}/`)) files.delete(file);
    for (const { source, target, kind } of copies) {
      if (kind === "file") files.set(target, readFileSync(source, "utf8"));
      // A link takes a file's place.
      else files.delete(target);
    }
    this.remembered.set(container, what.contents);
  }

  async restart(_service: string, container: string): Promise<void> {
    this.calls.push(`restart ${container}`);
    this.onRestart?.();
  }

  async signal(container: string, name: string): Promise<void> {
    this.calls.push(`signal ${container} ${name}`);
  }

  async exec(container: string, command: readonly string[]): Promise<void> {
    this.calls.push(`exec ${container} ${command.join(" ")}`);
    if (command[0] === "false") throw new DockError("operation-failed", '"false" ended with 1');
  }

  async #read(): ReturnType<typeof loadProject> {
    const reading = loadProject({ cwd: this.#cwd, vars: {}, env: {} });
    return this.clock instanceof ManualClock ? this.clock.during(reading) : reading;
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const end: Deferred<undefined> = deferred();
    this.held.push({ finish: () => end.resolve(undefined), fail: end.reject, aborted: () => signal.aborted });
    signal.addEventListener("abort", () => end.reject(signal.reason), { once: true });
    await end.promise;
  }
}

function filesOf(root: string): FileInputs {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".log"))
    .map((entry) => join(entry.parentPath, entry.name));
  return inputsOf(
    Object.fromEntries(entries.toSorted().map((path) => [path.slice(root.length + 1), readFileSync(path, "utf8")])),
  );
}

function inputsOf(files: Readonly<Record<string, string>>): FileInputs {
  return { digest: sha256(JSON.stringify(files)), files };
}
