/**
 * Reads inputs again as soon as a build is over, while the builder is still writing its own records. What was read
 * before the last build was over counts for nothing.
 */
export class InputsAfter<T> {
  readonly #read: () => Promise<T>;
  #reading: Promise<T> | undefined;
  #isClosed = false;

  constructor(read: () => Promise<T>) {
    this.#read = read;
  }

  /** A build is over: reads, once a reading that is under way has ended. */
  begin(): void {
    if (this.#isClosed) return;
    const before = this.#reading;
    this.#reading = ended(before).then(this.#read);
    // Whoever asks for the result sees it.
    this.#reading.catch(() => undefined);
  }

  /** Whatever is told of builds from now on, nothing is read for it. */
  close(): void {
    this.#isClosed = true;
  }

  /** What was read is of no use: something else will be built, or nothing. Resolves when nothing is read any more. */
  async drop(): Promise<void> {
    this.close();
    const reading = this.#reading;
    this.#reading = undefined;
    await ended(reading);
  }

  /** The inputs as they are after the build. */
  result(): Promise<T> {
    return this.#reading ?? this.#read();
  }
}

async function ended(reading: Promise<unknown> | undefined): Promise<void> {
  try {
    await reading;
  } catch {
    // Another reading takes its place, or the build's own failure.
  }
}
