import type { Event } from "../event.ts";

/** Events that tell how a build goes on. */
export type BuildEvent = Extract<Event, { readonly type: "build-step" | "build-log" | "build-progress" }>;

/** A step that runs now. */
export interface RunningStep {
  readonly name: string;
  readonly startedAt: number;
  /** The last line that it printed, not made safe yet. */
  readonly line?: string;
  /** Bytes moved, where the step moves some. */
  readonly moved?: { readonly current: number; readonly total: number };
}

/** The steps of one build that run at the moment, for a live display. */
export class BuildProgress {
  readonly #running = new Map<string, RunningStep>();
  #transfer: string | undefined;

  /** In the order they started. */
  get running(): readonly RunningStep[] {
    return [...this.#running.values()];
  }

  /** What is being fetched, in the engine's words, where a pull is all there is to tell. */
  get transferred(): string | undefined {
    return this.#transfer;
  }

  transfer(what: string): void {
    this.#transfer = what;
  }

  take(event: BuildEvent, now: number): void {
    const step = this.#running.get(event.step);
    if (event.type === "build-step") {
      if (event.state !== "running") this.#running.delete(event.step);
      else if (!step) this.#running.set(event.step, { name: event.name, startedAt: now });
      return;
    }
    if (!step) return;
    this.#running.set(
      event.step,
      event.type === "build-log"
        ? { ...step, line: event.text }
        : { ...step, moved: { current: event.current, total: event.total } },
    );
  }
}

/** True for the steps that people wrote: instructions of a Dockerfile, not the builder's own housekeeping. */
export function isInstruction(name: string): boolean {
  return name.startsWith("[") && !name.startsWith("[internal]");
}
