import type { Engine } from "../engine/engine.ts";
import { DockError } from "../error.ts";
import { ContainerShell } from "../execute/container-shell.ts";
import { type Owner, userOfContainer } from "../execute/container-user.ts";
import { syncFiles } from "../execute/sync.ts";
import { readSyncRecord, writeSyncRecord } from "../execute/sync-record.ts";
import type { Project } from "../project/model.ts";
import type { ServiceContainer, Transferred } from "../watch/effects.ts";
import type { Contents } from "../watch/mirror.ts";

/** What is known of one container while it is synced into. */
interface Known {
  readonly owner: Owner;
  /** Undefined where the image has none that can be had. */
  readonly shell: ContainerShell | undefined;
}

/** Keeps files in containers as sync rules want them. Disposing ends the shells that it has left in them. */
export class ContainerFiles implements Disposable {
  readonly #engine: Engine;
  readonly #known = new Map<string, Promise<Known>>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** What earlier syncs have left in a container, as far as rules that a service still has keep it there. */
  async contents(
    project: Project,
    of: { readonly service: string; readonly container: string },
    signal: AbortSignal,
  ): Promise<Contents> {
    const roots = (project.services[of.service]?.dev?.watch ?? []).flatMap(({ target }) => target ?? []);
    const record = await readSyncRecord(this.#engine, of.container, signal);
    const isKept = (path: string): boolean =>
      roots.some((root) => path === root || path.startsWith(root === "/" ? root : `${root}/`));
    return new Map([...record].filter(([path]) => isKept(path)).map(([path, content]) => [path, { content }]));
  }

  /** Carries out a transfer, then has the container remember it. */
  async transfer(container: ServiceContainer, what: Transferred, signal: AbortSignal): Promise<void> {
    const { id, running } = container;
    const { owner, shell } = running
      ? await this.#lookInto(id, signal)
      : { owner: await userOfContainer(this.#engine, id, signal), shell: undefined };
    await syncFiles(
      this.#engine,
      { container: id, sync: what, owner, shell: shell?.ended ? undefined : shell },
      signal,
    );
    const record = new Map([...what.contents].map(([path, { content }]) => [path, content]));
    await writeSyncRecord(this.#engine, { container: id, record }, signal);
  }

  [Symbol.dispose](): void {
    for (const known of this.#known.values())
      void known.then(
        ({ shell }) => shell?.[Symbol.dispose](),
        () => undefined,
      );
    this.#known.clear();
  }

  /** A container that was restarted has lost its shell: it is looked into again. */
  async #lookInto(id: string, signal: AbortSignal): Promise<Known> {
    const before = await this.#known.get(id)?.catch(() => undefined);
    if (before && !before.shell?.ended) return before;
    const known = this.#look(id, signal);
    this.#known.set(id, known);
    return known;
  }

  async #look(id: string, signal: AbortSignal): Promise<Known> {
    const [owner, shell] = await Promise.all([userOfContainer(this.#engine, id, signal), this.#shell(id, signal)]);
    return { owner, shell };
  }

  async #shell(id: string, signal: AbortSignal): Promise<ContainerShell | undefined> {
    try {
      return await ContainerShell.open(this.#engine, id, signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof DockError)) throw error;
      return undefined;
    }
  }
}
