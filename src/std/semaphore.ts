/** Limits how many pieces of work run at once; waiting ones start in the order they came, the urgent ones first. */
export class Semaphore {
  #free: number;
  readonly #urgent: (() => void)[] = [];
  readonly #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.#free = limit;
  }

  /** Runs `work` when a place is free, before what waits if it is urgent; gives the place back whatever happens. */
  async run<T>(work: () => Promise<T>, urgent = false): Promise<T> {
    const queue = urgent ? this.#urgent : this.#waiting;
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => queue.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#urgent.shift() ?? this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}
