import { createHash } from "node:crypto";
import { closeSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import type { FileStat } from "./file-stat.ts";
import { openFile, readInto } from "./open-file.ts";
import type { StatCache } from "./stat-cache.ts";

/** How long reading may keep the event loop to itself, in milliseconds: a builder's health check must get through. */
const SLICE = 8;

/**
 * Digests contents of files below one root. They are read one after the other on this thread: most are small, and a
 * round trip to the file system's threads costs more than reading them.
 */
export class Hasher {
  readonly #root: string;
  readonly #cache: StatCache | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #buffer = Buffer.allocUnsafeSlow(256 * 1024);
  #since = performance.now();

  constructor(root: string, cache: StatCache | undefined, signal: AbortSignal | undefined) {
    this.#root = root;
    this.#cache = cache;
    this.#signal = signal;
  }

  /** The digest that is remembered for this state of the file. */
  known(path: string, stat: FileStat): string | undefined {
    return this.#cache?.lookup(path, stat);
  }

  /** The digest of what the file holds now, in hexadecimal, with its state before it was read; undefined when it is gone. */
  async read(path: string, stat: FileStat): Promise<{ readonly digest: string; readonly stat: FileStat } | undefined> {
    await this.rest();
    const readAtMs = Date.now();
    const file = openFile(this.#root, path, stat);
    if (!file) return undefined;
    try {
      const hash = createHash("sha256");
      for (let read = readInto(file, path, this.#buffer); read > 0; read = readInto(file, path, this.#buffer)) {
        hash.update(this.#buffer.subarray(0, read));
        if (read === this.#buffer.length) await this.rest();
        else if (file.stat.size === read) break;
      }
      const digest = hash.digest("hex");
      this.#cache?.note(path, file.stat, { digest, readAtMs });
      return { digest, stat: file.stat };
    } finally {
      closeSync(file.fd);
    }
  }

  /** Gives the event loop its turn when it has waited long enough. */
  async rest(): Promise<void> {
    if (performance.now() - this.#since < SLICE) return;
    this.#signal?.throwIfAborted();
    await setImmediate();
    this.#since = performance.now();
  }
}
