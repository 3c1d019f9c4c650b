/** A timer that can be put off and called off: it fires once, `milliseconds` after its start or its latest restart. */
export class Deadline {
  readonly #milliseconds: number | undefined;
  readonly #expired: () => void;
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
    if (this.#milliseconds !== undefined) this.#timer = setTimeout(this.#expired, this.#milliseconds);
  }

  /** Holds the timer until the next restart; the owner must end with this. */
  stop(): void {
    clearTimeout(this.#timer);
  }
}
