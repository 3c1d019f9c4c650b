import type { ContainerExit } from "../engine/container-calls.ts";
import type { Engine } from "../engine/engine.ts";
import { DockError } from "../error.ts";
import { LABEL } from "../plan/labels.ts";
import type { Action } from "../plan/plan.ts";
import { type Deferred, deferred } from "../std/deferred.ts";

/** From how many containers on one connection that tells of all of them costs less than one for each. */
const MANY = 8;

/** Hears of the ends of a project's containers on one connection. Whoever opened it closes it. */
export class ExitWatch {
  readonly #stop = new AbortController();
  /** By container id; undefined for one that would not be heard of any more. */
  readonly #ends = new Map<string, Deferred<ContainerExit | undefined>>();
  readonly #over: Promise<void>;
  #isListening = false;

  constructor(engine: Engine, project: string, signal: AbortSignal) {
    const inner = AbortSignal.any([signal, this.#stop.signal]);
    this.#over = this.#listen(engine, project, inner);
    // Whoever closes it sees what went wrong.
    this.#over.catch(() => undefined);
  }

  /** To be called before the first start of a container. */
  expect(id: string): void {
    if (this.#isListening) this.#ends.set(id, deferred());
  }

  /** How a container ended that was expected. Undefined, or resolves with undefined, when only the engine can tell. */
  endOf(id: string): Promise<ContainerExit | undefined> | undefined {
    return this.#ends.get(id)?.promise;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#over;
  }

  async #listen(engine: Engine, project: string, signal: AbortSignal): Promise<void> {
    const opened = (): void => {
      this.#isListening = true;
    };
    try {
      const labels = [`${LABEL.project}=${project}`];
      for await (const event of engine.events({ types: ["container"], labels, opened }, signal)) {
        // Podman's own word is the second.
        if (event.action === "die" || event.action === "died")
          this.#ends.get(event.id)?.resolve(exitOf(event.attributes));
      }
    } catch (error) {
      if (!signal.aborted && !(error instanceof DockError)) throw error;
    } finally {
      this.#isListening = false;
      for (const end of this.#ends.values()) end.resolve(undefined);
    }
  }
}

/** True where many containers are only waited for until they have lived for a moment. */
export function isWorthWatching(actions: readonly Action[]): boolean {
  return (
    actions.filter(({ operation }) => operation.kind === "container.wait" && operation.until === "alive").length >= MANY
  );
}

function exitOf({ exitCode }: Readonly<Record<string, string>>): ContainerExit | undefined {
  return exitCode !== undefined && /^\d+$/.test(exitCode) ? { exitCode: Number(exitCode) } : undefined;
}
