import type { LogRecord } from "../engine/log-records.ts";

/**
 * A container's output, asked for at once and read when its turn comes. What the engine has opened for an answer outlives
 * the container, so that a slow reader gets it even when the container is gone by then.
 */
export class LogReading {
  readonly #records: AsyncIterator<LogRecord>;
  readonly #first: Promise<IteratorResult<LogRecord>>;
  readonly #stop = new AbortController();

  /** `open` begins to read; the signal that it gets aborts when the reading is closed. */
  constructor(open: (signal: AbortSignal) => AsyncIterable<LogRecord>, signal: AbortSignal) {
    this.#records = open(AbortSignal.any([signal, this.#stop.signal]))[Symbol.asyncIterator]();
    this.#first = this.#records.next();
    // Whoever reads it is told; one that nobody reads any more has nobody to tell.
    this.#first.catch(() => {});
  }

  /** Its records; to be asked for once. */
  async *records(): AsyncGenerator<LogRecord, void, void> {
    try {
      for (let next = await this.#first; next.done !== true; next = await this.#records.next()) yield next.value;
    } finally {
      this.close();
    }
  }

  /** Breaks the answer off. */
  close(): void {
    this.#stop.abort();
  }
}
