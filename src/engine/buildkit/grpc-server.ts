import {
  performServerHandshake,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Duplex } from "node:stream";
import { deferred } from "../../std/deferred.ts";
import { encodeStatusMessage, frame, GrpcError, messages, STATUS } from "./grpc-wire.ts";

/** One call that the other end makes to a served method. */
export interface ServerCall {
  /** Values of a request header in the order they were sent; empty when it wasn't. Names are lower-case. */
  metadata(name: string): readonly string[];
  /** The messages that the caller sends. Ends early, without an error, when the caller gives up: see `signal`. */
  readonly messages: AsyncIterable<Buffer>;
  /** Sends bytes that are framed already; resolves when there is room for more. Rejects once the call is over. */
  write(frames: Uint8Array): Promise<void>;
  /** Aborts when the call is over for the caller: given up, connection lost, or answered. */
  readonly signal: AbortSignal;
}

/** Answers a call by its messages; the status is OK when it resolves, and that of the `GrpcError` it rejects with. */
export type Method = (call: ServerCall) => Promise<void>;

/** A running server on one connection. */
export interface GrpcServer {
  readonly connection: ServerHttp2Session;
  /** Resolves when the connection is gone, whoever closed it. */
  readonly closed: Promise<void>;
  /** Drops the connection and with it all calls. Safe to call twice. */
  close(): void;
}

/**
 * BuildKit sends an ignore file's patterns as one header line each, and Node's own limit of 128 lines would refuse the
 * call. Windows of 4 MiB keep the other end from waiting for updates.
 */
const HTTP2_OPTIONS = {
  maxHeaderListPairs: 65_536,
  maxSessionMemory: 64,
  settings: { maxHeaderListSize: 16 * 1024 * 1024, initialWindowSize: 4 * 1024 * 1024 },
} as const;

/** Serves gRPC methods, by their full path, to the one client at the other end of a socket; unknown paths get status 12. */
export function serveGrpc(socket: Duplex, methods: ReadonlyMap<string, Method>): GrpcServer {
  const connection = performServerHandshake(socket, HTTP2_OPTIONS);
  const closed = deferred<void>();
  connection.on("close", () => closed.resolve());
  // An error of the connection is followed by "close", which is what callers wait for.
  connection.on("error", () => undefined);
  socket.on("error", () => undefined);
  socket.on("close", () => connection.destroy());
  connection.on("stream", (...[stream, headers, , rawHeaders]: StreamEvent) => {
    // Errors of a stream reach its call by the aborted signal.
    stream.on("error", () => undefined);
    const method = methods.get(headers[":path"] ?? "");
    if (!method) {
      stream.respond({ ...RESPONSE_HEADERS, "grpc-status": STATUS.unimplemented }, { endStream: true });
      stream.resume();
      return;
    }
    // `answer` never rejects: whatever a method throws becomes the call's status.
    void answer(stream, method, rawHeaders);
  });
  return {
    connection,
    closed: closed.promise,
    close: () => {
      connection.destroy();
      socket.destroy();
    },
  };
}

/** The fourth argument keeps repeated header lines apart. */
type StreamEvent = readonly [ServerHttp2Stream, IncomingHttpHeaders, number, readonly string[]];

const RESPONSE_HEADERS = { ":status": 200, "content-type": "application/grpc" } as const;

async function answer(stream: ServerHttp2Stream, method: Method, rawHeaders: readonly string[]): Promise<void> {
  const over = new AbortController();
  stream.on("close", () => over.abort());
  let trailers: Record<string, string | number> = { "grpc-status": STATUS.ok };
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  stream.respond(RESPONSE_HEADERS, { waitForTrailers: true });
  try {
    await method({
      metadata: (name) => headerValues(rawHeaders, name),
      messages: messages(received(stream)),
      write: (frames) => write(stream, frames),
      signal: over.signal,
    });
  } catch (error) {
    const status = error instanceof GrpcError ? error.status : STATUS.unknown;
    const text = error instanceof Error ? error.message : String(error);
    trailers = { "grpc-status": status, "grpc-message": encodeStatusMessage(text) };
  }
  if (stream.closed || stream.destroyed) return;
  stream.end();
  stream.resume();
}

/** The bytes of a stream until it ends or is reset. */
async function* received(stream: ServerHttp2Stream): AsyncGenerator<Buffer, void, undefined> {
  try {
    // A method may stop listening before it has answered.
    yield* stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  } catch (error) {
    // A reset ends the iteration with "premature close"; the call's signal says so.
    if (!stream.destroyed) throw error;
  }
}

function write(stream: ServerHttp2Stream, frames: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    if (stream.closed || stream.destroyed) {
      reject(new GrpcError(STATUS.canceled, "call is over"));
      return;
    }
    stream.write(frames, (error) => {
      if (error) reject(new GrpcError(STATUS.canceled, "call is over"));
      else resolve();
    });
  });
}

function headerValues(rawHeaders: readonly string[], name: string): readonly string[] {
  const values: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() === name) values.push(rawHeaders[at + 1] ?? "");
  }
  return values;
}

/** A method that takes one message and gives one. */
export function unary(reply: (request: Buffer, signal: AbortSignal) => Promise<Uint8Array>): Method {
  return async (call) => {
    for await (const request of call.messages) {
      await call.write(frame(await reply(request, call.signal)));
      return;
    }
    if (!call.signal.aborted) throw new GrpcError(STATUS.invalidArgument, "request without a message");
  };
}
