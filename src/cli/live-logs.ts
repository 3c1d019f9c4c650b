import { EventEmitter, once } from "node:events";
import type { ContainerDetail } from "../engine/container-detail.ts";
import type { EngineEvent } from "../engine/event-calls.ts";
import { DockError } from "../error.ts";
import { LABEL } from "../plan/labels.ts";
import { isUp } from "../plan/lifecycle.ts";
import type { ObservedContainer } from "../plan/observed.ts";
import { systemClock } from "../std/clock.ts";
import { isGone, isUnreadable } from "./log-faults.ts";
import { LogPosition } from "./log-position.ts";
import { LogReading } from "./log-reading.ts";
import type { LogPrinter } from "./log-printer.ts";
import type { EndedContainer, LogsRequest } from "./logs-request.ts";
import { slotContainers } from "./service-containers.ts";
import type { Session } from "./session.ts";

/** Time that a stopped container has to come back, or its replacement to start, before following ends. */
const RETURN_MS = 1000;
/** The same while a replacement is there and has not started. */
const REPLACE_MS = 10_000;
/** Pause before a container whose output has ended although it runs is read on: it has been restarted. */
const LOOK_MS = 20;

/** One container that is followed: reading → resting → reading … → gone; gone only when all that it said is read. */
interface Followed {
  readonly container: ObservedContainer;
  readonly position: LogPosition;
  state: "reading" | "resting" | "gone";
  /** Whether its output is not multiplexed; undefined until it has been inspected. */
  tty: boolean | undefined;
  /** Opened at its newest start, because the output of an earlier run was still being read then. */
  ahead: LogReading | undefined;
  /** Starts that the engine has told of. */
  starts: number;
  /** Of its last run, when that has ended. */
  exitCode: number | undefined;
  /** Whether its end would be news: it was up when it was last looked at. */
  wasUp: boolean;
}

/**
 * Shows what containers print from now on. The engine's events only say when to look: what is read begins where the last
 * reading ended, so that restarts, replacements and an engine that was away cost no line.
 */
export class LiveLogs {
  readonly #session: Session;
  readonly #request: LogsRequest;
  readonly #printer: LogPrinter;
  readonly #followed = new Map<string, Followed>();
  readonly #readers = new Set<Followed>();
  readonly #tasks = new Set<Promise<void>>();
  readonly #news = new EventEmitter().setMaxListeners(0);
  #looked = false;
  #anyRan = false;
  #failure: Error | undefined;

  constructor(
    session: Session,
    of: {
      readonly request: LogsRequest;
      readonly printer: LogPrinter;
      readonly positions: ReadonlyMap<string, LogPosition>;
    },
  ) {
    this.#session = session;
    this.#request = of.request;
    this.#printer = of.printer;
    for (const container of of.request.containers) this.#know(container, of.positions.get(container.id));
  }

  /** The followed containers whose last run has ended, those that were removed aside. */
  get ended(): readonly EndedContainer[] {
    return [...this.#followed.values()].flatMap(({ container, exitCode, state }) =>
      state === "gone" || exitCode === undefined ? [] : [{ container, exitCode }],
    );
  }

  /**
   * One connection to the engine's events with the readers beside it. Resolves when all containers have ended for good;
   * rejects with the first failure, after which it can be called again and goes on, and with the signal's reason.
   */
  async follow(signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const inner = AbortSignal.any([signal, stop.signal]);
    this.#failure = undefined;
    this.#looked = false;
    this.#begin(this.#listen(inner), inner);
    try {
      await this.#untilOver(inner);
    } finally {
      stop.abort();
      while (this.#tasks.size > 0) await Promise.all(this.#tasks);
    }
  }

  #know(container: ObservedContainer, position = new LogPosition()): void {
    this.#followed.set(container.id, {
      container,
      position,
      state: "resting",
      tty: undefined,
      ahead: undefined,
      starts: 0,
      exitCode: undefined,
      wasUp: isUp(container),
    });
  }

  /** Runs beside the others; its failure is everybody's. */
  #begin(work: Promise<void>, signal: AbortSignal): void {
    const task = work
      .catch((error: unknown) => {
        if (!signal.aborted) this.#failure ??= error instanceof Error ? error : new Error(String(error));
      })
      .finally(() => {
        this.#tasks.delete(task);
        this.#news.emit("news");
      });
    this.#tasks.add(task);
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const labels = [`${LABEL.project}=${this.#request.choice.project.name}`];
    const opened = (): void => this.#begin(this.#look(signal), signal);
    for await (const event of this.#session.engine().events({ types: ["container"], labels, opened }, signal)) {
      await this.#take(event, signal);
    }
    signal.throwIfAborted();
    throw new DockError("engine-broken", "the engine ended its events");
  }

  async #take(event: EngineEvent, signal: AbortSignal): Promise<void> {
    const followed = this.#followed.get(event.id);
    if (followed && event.action === "start") this.#started(followed, signal);
    if (followed && event.action === "destroy") this.#removed(followed);
    if (!followed && event.action === "start") await this.#look(signal);
    this.#news.emit("news");
  }

  /** A reader that is behind would come too late for this run's output if the container were removed after it. */
  #started(followed: Followed, signal: AbortSignal): void {
    followed.starts += 1;
    if (followed.tty === undefined || !this.#isRead(followed)) return;
    followed.ahead?.close();
    followed.ahead = this.#open(followed, followed.tty, signal);
  }

  /** What is still being read is read to its end. */
  #removed(followed: Followed): void {
    if (!this.#isRead(followed)) followed.state = "gone";
  }

  #isRead(followed: Followed): boolean {
    return followed.state === "reading" && this.#readers.has(followed);
  }

  /** Begins to follow what is there and is not followed yet. */
  async #look(signal: AbortSignal): Promise<void> {
    const there = await slotContainers(this.#session, this.#request.choice);
    for (const container of there) {
      const isOld = this.#request.passedOver?.has(container.id) === true;
      if (!this.#followed.has(container.id) && (!isOld || isUp(container))) this.#know(container);
    }
    const ids = new Set(there.map(({ id }) => id));
    for (const followed of this.#followed.values()) {
      if (!ids.has(followed.container.id)) this.#removed(followed);
      if (followed.state === "gone" || this.#readers.has(followed)) continue;
      this.#readers.add(followed);
      followed.state = "reading";
      this.#begin(
        this.#read(followed, signal).finally(() => {
          this.#readers.delete(followed);
          followed.ahead?.close();
          followed.ahead = undefined;
        }),
        signal,
      );
    }
    this.#looked = true;
  }

  /** Reads a container's output, again after each of its starts, until it is removed. */
  async #read(followed: Followed, signal: AbortSignal): Promise<void> {
    const { container } = followed;
    const inspect = async (): Promise<ContainerDetail> => this.#session.engine().inspectContainer(container.id, signal);
    try {
      const { tty, state, finishedAt } = await inspect();
      followed.tty = tty;
      // An end from before the following began is no news; one that came while the engine was away is.
      let told = state === "exited" && !followed.wasUp ? finishedAt : undefined;
      followed.wasUp ||= state === "running" || state === "paused" || state === "restarting";
      this.#anyRan ||= followed.wasUp;
      for (;;) {
        const { starts } = followed;
        await this.#readOnce(followed, tty, signal);
        if (followed.ahead) continue;
        const after = await inspect();
        if (after.state === "running") {
          await systemClock.sleep(LOOK_MS, signal);
          continue;
        }
        if (after.state !== "restarting") {
          followed.state = "resting";
          followed.exitCode = after.exitCode;
          if (after.finishedAt !== told) this.#printer.remark(container, `exited with code ${after.exitCode}`);
          told = after.finishedAt;
          followed.wasUp = false;
          this.#news.emit("news");
        }
        await this.#changed(() => followed.starts > starts || followed.state === "gone", signal);
        if (followed.starts === starts) return;
        followed.state = "reading";
        followed.exitCode = undefined;
        followed.wasUp = true;
        this.#anyRan = true;
      }
    } catch (error) {
      if (signal.aborted) throw error;
      if (isGone(error)) followed.state = "gone";
      else if (isUnreadable(error)) followed.state = "resting";
      else throw error;
    }
  }

  async #readOnce(followed: Followed, tty: boolean, signal: AbortSignal): Promise<void> {
    const { container, position } = followed;
    const reading = followed.ahead ?? this.#open(followed, tty, signal);
    followed.ahead = undefined;
    position.rewind();
    for await (const record of reading.records()) {
      if (position.admit(record)) await this.#printer.print(container, record);
    }
  }

  #open({ container, position }: Followed, tty: boolean, signal: AbortSignal): LogReading {
    const { since } = position;
    const { until } = this.#request;
    const options = {
      follow: true,
      tty,
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
    };
    const engine = this.#session.engine();
    return new LogReading((stopped) => engine.containerRecords(container.id, options, stopped), signal);
  }

  /** Resolves when following is over: everything rests, and nothing comes back in its time. */
  async #untilOver(signal: AbortSignal): Promise<void> {
    const busy = (): boolean => [...this.#followed.values()].some(({ state }) => state === "reading");
    await this.#changed(() => this.#looked, signal);
    for (;;) {
      await this.#changed(() => !busy(), signal);
      // What had stopped before anybody followed it is not waited for.
      if (!this.#anyRan) return;
      const there = await slotContainers(this.#session, this.#request.choice);
      const patience = there.some(({ state }) => state === "created") ? REPLACE_MS : RETURN_MS;
      const expired = new AbortController();
      const timer = setTimeout(() => expired.abort(), patience);
      try {
        await this.#changed(busy, AbortSignal.any([signal, expired.signal]));
      } catch (error) {
        signal.throwIfAborted();
        if (!expired.signal.aborted || this.#failure !== undefined) throw error;
        return;
      } finally {
        clearTimeout(timer);
      }
    }
  }

  /** Resolves once the condition holds; rejects with whatever has failed meanwhile. */
  async #changed(holds: () => boolean, signal: AbortSignal): Promise<void> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      if (holds()) return;
      await once(this.#news, "news", { signal });
    }
  }
}
