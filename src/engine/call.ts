import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";

/** How long an engine may take before a call is given up, in milliseconds. */
export interface Deadlines {
  /** Lists, inspections and other answers that need no work. */
  readonly answer: number;
  /** Calls that make or remove something. */
  readonly change: number;
  /** Creating a container: the engine may fill its volumes from the image. */
  readonly createContainer: number;
  /** Added to a container's own time to stop. */
  readonly stopGrace: number;
  /** Silence on a stream that is expected to move. */
  readonly idle: number;
}

/** Generous for a loaded engine, short enough that nobody waits for a dead one for ever. */
export const DEADLINES: Deadlines = {
  answer: 30_000,
  change: 60_000,
  createContainer: 300_000,
  stopGrace: 15_000,
  idle: 600_000,
};

/** One request to the engine. */
export interface Call {
  /** For errors, in words that follow "the engine could not": `create container "shop-web-1"`. */
  readonly what: string;
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  /** Made with `route`, without the version. */
  readonly path: string;
  /** Undefined values are left out; objects are sent as JSON. */
  readonly query?: Readonly<Record<string, string | number | boolean | object | undefined>>;
  /** Sent as JSON. */
  readonly body?: object;
  /** Sent as it is; the call owns the stream and destroys it when it ends first. */
  readonly upload?: Readable;
  readonly headers?: OutgoingHttpHeaders;
  /** Statuses beyond 2xx that are an answer to the caller, not an error. */
  readonly accept?: readonly number[];
  /** Told when the engine has begun a good answer. */
  readonly opened?: (() => void) | undefined;
  /** Milliseconds that the call may take, or be silent when it streams; undefined is for calls that wait for events of the world. */
  readonly deadlineMs: number | undefined;
  /** The deadline is for the beginning of the answer only: what follows may be days apart. */
  readonly endless?: boolean;
}

/** A complete answer. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}
