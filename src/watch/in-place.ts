import { DockError } from "../error.ts";
import type { Effects, ServiceContainer } from "./effects.ts";
import { type Contents, transferTo, uncertain, type Wanted } from "./mirror.ts";
import type { Decision } from "./rules.ts";

/** A decision that is carried out in containers that go on running. */
export type InPlaceDecision = Extract<Decision, { readonly kind: "sync" | "restart" | "signal" | "exec" }>;

/** What is to be done in a service's containers. */
interface Order {
  /** Changed files, relative to the project. */
  readonly files: Set<string>;
  sync: boolean;
  restart: boolean;
  readonly signals: Set<string>;
  /** By their text, each once a batch. */
  readonly commands: Map<string, readonly string[]>;
  /** When the first of the changes was noticed. */
  since: number;
}

/** What the work in containers needs to know of the rest. */
export interface InPlaceOptions {
  readonly effects: Effects;
  /** What a service's sync rules want now. */
  readonly wanted: (service: string) => Wanted;
  readonly signal: AbortSignal;
  /** Told when a defect ended the work. */
  readonly broken: (error: unknown) => void;
}

/**
 * Syncs, restarts, signals and runs commands in containers, each service on its own, one thing after the other; what
 * comes meanwhile is done next. A container gets what it lacks of what is wanted now, so whatever was missed before (it
 * is a new one, it was stopped, a copy failed) comes along.
 */
export class InPlace {
  readonly #options: InPlaceOptions;
  readonly #orders = new Map<string, Order>();
  readonly #working = new Map<string, Promise<void>>();
  /** What each container is known to have by its id. */
  readonly #contents = new Map<string, Contents>();
  /** Orders whose sync failed; they are part of the service's next one. */
  readonly #owed = new Map<string, Order>();

  constructor(options: InPlaceOptions) {
    this.#options = options;
  }

  add(decision: InPlaceDecision, file: string, since: number): void {
    const order = this.#order(decision.service, since);
    order.files.add(file);
    switch (decision.kind) {
      case "sync":
        order.sync = true;
        order.restart ||= decision.restart;
        break;
      case "restart":
        order.restart = true;
        break;
      case "signal":
        order.signals.add(decision.signal);
        break;
      case "exec":
        order.commands.set(JSON.stringify(decision.command), decision.command);
    }
  }

  /** Has every container of a service given what it lacks, also where nothing changed. */
  catchUp(service: string, since: number): void {
    this.#order(service, since).sync = true;
  }

  /** Tries again what failed. */
  retry(): void {
    for (const [service, { since }] of this.#owed) this.catchUp(service, since);
    this.start();
  }

  /** Begins what was added and is not under way. */
  start(): void {
    for (const service of this.#orders.keys()) {
      if (this.#working.has(service)) continue;
      const work = this.#work(service)
        .catch(this.#options.broken)
        .finally(() => this.#working.delete(service));
      this.#working.set(service, work);
    }
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#working.values());
  }

  #order(service: string, since: number): Order {
    const before = this.#orders.get(service);
    if (before) return before;
    const fresh: Order = {
      files: new Set(),
      sync: false,
      restart: false,
      signals: new Set(),
      commands: new Map(),
      since,
    };
    const order = this.#owed.get(service) ?? fresh;
    this.#owed.delete(service);
    this.#orders.set(service, order);
    return order;
  }

  async #work(service: string): Promise<void> {
    for (let order = this.#orders.get(service); order; order = this.#orders.get(service)) {
      this.#orders.delete(service);
      if (this.#options.signal.aborted) return;
      await this.#carryOut(service, order);
    }
  }

  /** The steps of an order; the first that fails ends it: a restart must not show half of a sync. */
  async #carryOut(service: string, order: Order): Promise<void> {
    const { effects, signal } = this.#options;
    const each = (work: (id: string) => Promise<void>) => async () =>
      (await this.#each(service, ({ id }) => work(id), "running")) === 0 ? NO_CONTAINER : undefined;
    if (order.sync && !(await this.#step(service, order, { action: "sync", run: () => this.#sync(service, order) }))) {
      this.#owed.set(service, order);
      return;
    }
    const steps: readonly Step[] = [
      ...(order.restart ? [{ action: "restart", run: each((id) => effects.restart(service, id, signal)) }] : []),
      // A process that was just restarted has read everything.
      ...[...(order.restart ? [] : order.signals)].map((name) => ({
        action: `signal ${name}`,
        run: each((id) => effects.signal(id, name, signal)),
      })),
      ...[...order.commands.values()].map((command) => ({
        action: `exec "${command.join(" ")}"`,
        run: each((id) => effects.exec(id, command, signal)),
      })),
    ];
    for (const step of steps) if (!(await this.#step(service, order, step))) return;
  }

  async #step(service: string, order: Order, step: Step): Promise<boolean> {
    const { effects, signal } = this.#options;
    const event = (ok: boolean, message: string | undefined) =>
      ({
        type: "watch-action",
        action: step.action,
        services: [service],
        files: [...order.files],
        durationMs: effects.clock.now() - order.since,
        ok,
        ...(message === undefined ? {} : { message }),
      }) as const;
    try {
      const note = await step.run();
      if (note !== NOTHING) effects.emit(event(true, note));
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      if (!(error instanceof DockError)) throw error;
      effects.failed(event(false, error.message), error);
      return false;
    }
  }

  async #sync(service: string, order: Order): Promise<string> {
    const { effects, signal } = this.#options;
    const wanted = this.#options.wanted(service);
    let copied = 0;
    let deleted = 0;
    const sync = async (container: ServiceContainer): Promise<void> => {
      const { id } = container;
      const before = this.#contents.get(id) ?? (await effects.contents(service, id, signal));
      const what = transferTo(container, before, wanted);
      try {
        if (what.copies.length + what.deletes.length > 0) await effects.transfer(container, what, signal);
        this.#contents.set(id, what.contents);
      } catch (error) {
        this.#contents.set(id, uncertain(before, wanted));
        throw error;
      }
      copied = Math.max(copied, what.copies.length);
      deleted = Math.max(deleted, what.deletes.length);
    };
    const count = await this.#each(service, sync, "all");
    if (count === 0 && order.files.size > 0) return NO_CONTAINER;
    if (copied + deleted === 0) return NOTHING;
    const parts = [...(copied > 0 ? [`${copied} copied`] : []), ...(deleted > 0 ? [`${deleted} deleted`] : [])];
    return parts.join(", ");
  }

  /** Works on each container and counts them. One that has gone, started or stopped meanwhile is for the next time. */
  async #each(
    service: string,
    work: (container: ServiceContainer) => Promise<void>,
    which: "all" | "running",
  ): Promise<number> {
    const { effects, signal } = this.#options;
    const found = await effects.containers(service, signal);
    const containers = found.filter(({ running }) => running || which === "all");
    await Promise.all(
      containers.map(async (container) => {
        try {
          await work(container);
        } catch (error) {
          if (signal.aborted || !(error instanceof DockError)) throw error;
          const left = await effects.containers(service, signal);
          if (left.some(({ id, running }) => id === container.id && running === container.running)) throw error;
          this.#contents.delete(container.id);
        }
      }),
    );
    return containers.length;
  }
}

interface Step {
  readonly action: string;
  /** A word for the reader. */
  readonly run: () => Promise<string | undefined>;
}

/** What a step says when there was nothing to do and nothing to tell. */
const NOTHING = "";

const NO_CONTAINER = "no container of it runs";
