/** A timer that fires later than this, in milliseconds, did so because the process was stopped or the machine slept. */
export const OVERSLEPT_MS = 1000;

/**
 * A timer that can be put off and called off: it fires once, `milliseconds` after its start or its latest restart. Time
 * in which this process did not run does not count: what was waited for had no chance to be heard.
 */
export class Deadline {
  readonly #milliseconds: number | undefined;
  readonly #expired: () => void;
  #ended = false;
  #timer: NodeJS.Timeout | undefined;

  /** Starts at once; with `undefined` milliseconds it never fires. */
  constructor(milliseconds: number | undefined, expired: () => void) {
    this.#milliseconds = milliseconds;
    this.#expired = expired;
    this.restart();
  }

  /** Gives the full time again, from now. */
  restart(): void {
    this.stop();
    if (this.#ended || this.#milliseconds === undefined) return;
    const due = now() + this.#milliseconds;
    this.#timer = setTimeout(() => {
      if (now() - due > OVERSLEPT_MS) this.restart();
      else this.#expired();
    }, this.#milliseconds);
  }

  /** Holds the timer until the next restart. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Holds the timer for good; every owner comes to this. */
  end(): void {
    this.#ended = true;
    this.stop();
  }
}

function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
