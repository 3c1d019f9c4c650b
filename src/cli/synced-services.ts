import type { Engine } from "../engine/engine.ts";
import { effectiveService } from "../plan/mode.ts";
import type { PlanRequest } from "../plan/request.ts";
import { selectServices } from "../plan/wanted.ts";
import type { Project } from "../project/model.ts";
import { syncRules } from "../project/sync-rules.ts";
import { readSyncClaims } from "../watch/claims.ts";
import { coverageOf } from "../watch/coverage.ts";
import type { ServiceContainer } from "../watch/effects.ts";
import { transferTo, type Wanted, wantedCopies } from "../watch/mirror.ts";
import { Snapshot } from "../watch/snapshot.ts";
import { ContainerFiles } from "./container-files.ts";

/** The services of a run whose sync rules keep files in their containers. */
export function servicesWithSync(project: Project, request: PlanRequest): readonly string[] {
  if (request.mode !== "dev") return [];
  const services = selectServices(project, request.services, request.noDeps);
  return services.filter((key) => project.services[key] && syncRules(project.services[key]).length > 0);
}

/** Brings containers up to date with what sync rules want: before their first start, and with what was saved while nobody watched. */
export class SyncedServices implements Disposable {
  readonly #project: Project;
  readonly #files: ContainerFiles;
  readonly #snapshots = new Map<string, Promise<Wanted>>();

  constructor(project: Project, engine: Engine) {
    this.#project = project;
    this.#files = new ContainerFiles(engine);
  }

  /** Gives a container what it lacks. Returns how many paths were copied or deleted. */
  async fill(service: string, container: ServiceContainer, signal: AbortSignal): Promise<number> {
    const wanted = await this.#wanted(service, signal);
    const before = await this.#files.contents(this.#project, { service, container: container.id }, signal);
    const what = transferTo(container, before, wanted);
    const count = what.copies.length + what.deletes.length;
    if (count > 0) await this.#files.transfer(container, what, signal);
    return count;
  }

  [Symbol.dispose](): void {
    this.#files[Symbol.dispose]();
  }

  /** What is on the disk is looked at once. */
  #wanted(service: string, signal: AbortSignal): Promise<Wanted> {
    const known = this.#snapshots.get(service) ?? this.#read(service, signal);
    this.#snapshots.set(service, known);
    return known;
  }

  async #read(key: string, signal: AbortSignal): Promise<Wanted> {
    const service = this.#project.services[key];
    if (!service) return new Map();
    const image = effectiveService(service, "dev").image;
    const facts = {
      project: this.#project,
      mode: "dev",
      services: [key],
      images: new Set(image.kind === "built" ? [image.key] : []),
      applied: undefined,
      files: this.#project.files,
      behind: false,
    } as const;
    const snapshot = new Snapshot(coverageOf(readSyncClaims(facts)));
    await snapshot.scan(signal);
    await snapshot.read(signal);
    return wantedCopies(service.dev?.watch ?? [], snapshot);
  }
}
