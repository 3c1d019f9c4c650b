import { setImmediate as turn } from "node:timers/promises";
import type { ServerCall } from "./grpc-server.ts";
import { frameHeader } from "./grpc-wire.ts";

/** Bytes that are gathered before senders have to wait for the receiver. */
const HIGH_WATER = 64 * 1024;

/**
 * Gathers the many small messages of a call into few large writes, in the order they were sent. A sender waits while
 * the receiver is behind, and at every full write the event loop gets a turn, so that a long walk doesn't keep
 * anything else (such as the session's health check) waiting.
 */
export class Outbox {
  readonly #write: ServerCall["write"];
  #parts: Uint8Array[] = [];
  #size = 0;
  #writing: Promise<void> | undefined;

  constructor(call: Pick<ServerCall, "write">) {
    this.#write = call.write;
  }

  /** Queues one message that is given in pieces; resolves when there is room for more. Rejects when the call is over. */
  async send(...pieces: readonly Uint8Array[]): Promise<void> {
    this.queue(...pieces);
    await this.room();
  }

  /** Queues one message that is given in pieces, for a caller who asks for room after some of them. */
  queue(...pieces: readonly Uint8Array[]): void {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const header = frameHeader(length);
    this.#parts.push(header, ...pieces);
    this.#size += header.length + length;
  }

  /** Resolves when there is room for more. Rejects when the call is over. */
  async room(): Promise<void> {
    const writing = this.flushed();
    if (this.#size >= HIGH_WATER) await writing;
    // Whoever has to wait, or ends the call, sees the failure; the others are ahead of it.
    else writing.catch(() => undefined);
  }

  /** Resolves when everything that was sent so far has been handed to the connection. */
  flushed(): Promise<void> {
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #drain(): Promise<void> {
    await turn();
    while (this.#size > 0) {
      const bytes = Buffer.concat(this.#parts, this.#size);
      this.#parts = [];
      this.#size = 0;
      await this.#write(bytes);
      await turn();
    }
  }
}
