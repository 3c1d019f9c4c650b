import type { BuildEvent } from "../engine/buildkit/build-event.ts";
import { instructionOf, stepCause } from "../gather/step-cause.ts";
import type { Reason } from "../plan/reason.ts";

/** Characters of an instruction that fit a note. */
const LENGTH = 60;

/** Finds the first step of a build that was not cached. */
export class FirstRun {
  #step: string | undefined;

  take(event: BuildEvent): void {
    if (event.type !== "step" || event.state !== "done" || this.#step !== undefined) return;
    // Steps of the Dockerfile have a number; a FROM only tells where the build starts.
    if (/^\[[^\]]*\d+\/\d+\] (?!FROM )/.test(event.name)) this.#step = event.name;
  }

  /** The step and what made it run; undefined when everything was cached. */
  describe(reasons: readonly Reason[]): string | undefined {
    if (this.#step === undefined) return undefined;
    const text = instructionOf(this.#step).replace(/\s+/g, " ");
    const shown = text.length > LENGTH ? `${text.slice(0, LENGTH - 1)}…` : text;
    const cause = stepCause(this.#step, reasons);
    return `ran from ${shown}${cause === undefined ? "" : ` (${cause})`}`;
  }
}
