import { setMaxListeners } from "node:events";
import type { IncomingMessage } from "node:http";
import { PassThrough, pipeline, type Readable } from "node:stream";
import { Deadline } from "../std/deadline.ts";
import type { Call } from "./call.ts";
import { brokenFault, type CallName, stallFault } from "./fault.ts";

/** No answer of the engine that is read as a whole comes near this, in bytes. */
export const LARGEST_ANSWER = 256 * 1024 * 1024;

/** Holds one call back: it aborts when the caller, the transport or the deadline says so. */
export class Leash {
  readonly deadline: Deadline;
  readonly #what: CallName;
  readonly #stop = new AbortController();
  readonly #sources: readonly AbortSignal[];
  readonly #onAbort = (event: Event): void => this.#stop.abort((event.target as AbortSignal).reason);

  constructor(call: Call, sources: readonly AbortSignal[]) {
    this.#what = call.what;
    this.#sources = sources;
    for (const source of sources) source.throwIfAborted();
    for (const source of sources) {
      // One signal serves a whole run: many calls at once are no leak.
      setMaxListeners(0, source);
      source.addEventListener("abort", this.#onAbort);
    }
    this.deadline = new Deadline(call.deadlineMs, () => this.#stop.abort(stallFault(call.what, call.deadlineMs ?? 0)));
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Why the call was broken off from this side, if it was. */
  reason(): Error | undefined {
    if (!this.#stop.signal.aborted) return undefined;
    const reason: unknown = this.#stop.signal.reason;
    return reason instanceof Error ? reason : new Error("broken off", { cause: reason });
  }

  /**
   * The error to end a failed call with: why it was broken off from this side, else what the failure means. Whatever
   * of the request is still open is broken off.
   */
  failure(error: unknown): Error {
    const reason = this.reason() ?? brokenFault(this.#what, error);
    this.#stop.abort(reason);
    return reason;
  }

  release(): void {
    this.deadline.end();
    for (const source of this.#sources) source.removeEventListener("abort", this.#onAbort);
  }
}

/** The whole body of an answer as text; an error when it ends early or is too large to be right. */
export async function readText(response: IncomingMessage, leash: Leash): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > LARGEST_ANSWER) throw new Error(`the answer is larger than ${LARGEST_ANSWER} bytes`);
  }
  leash.signal.throwIfAborted();
  if (!response.complete) throw new Error("the answer ended early");
  return Buffer.concat(chunks).toString("utf8");
}

/** The upload, putting the deadline off whenever the engine takes a piece of it. */
export function metered(upload: Readable, leash: Leash): Readable {
  const meter = new PassThrough();
  meter.on("data", () => leash.deadline.restart()).pause();
  leash.signal.addEventListener("abort", () => meter.destroy(), { once: true });
  // An error of the upload destroys the meter with it, which the modem turns into an error of the request.
  pipeline(upload, meter, () => {});
  return meter;
}

/** Settles with the promise, or rejects with the signal's reason when it aborts first. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  setMaxListeners(0, signal);
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    if (onAbort) signal.removeEventListener("abort", onAbort);
  }
}
