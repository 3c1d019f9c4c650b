/** A timer that can be put off and called off: it fires once, `milliseconds` after its start or its latest restart. */
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
    if (!this.#ended && this.#milliseconds !== undefined) this.#timer = setTimeout(this.#expired, this.#milliseconds);
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
