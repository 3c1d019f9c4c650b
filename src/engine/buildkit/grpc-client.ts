import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
} from "node:http2";
import type { Duplex } from "node:stream";
import { DockError } from "../../error.ts";
import { deferred } from "../../std/deferred.ts";
import { decodeStatusMessage, frame, GrpcError, messages, STATUS } from "./grpc-wire.ts";

/** A gRPC client on one connection. */
export interface GrpcClient {
  readonly connection: ClientHttp2Session;
  /** Resolves when the connection is gone, whoever closed it. */
  readonly closed: Promise<void>;
  /**
   * Calls a method, by its full path, with one message and gives the messages of the answer. Throws `GrpcError` for a
   * status other than OK, `engine-broken` when the connection ends first, and the signal's reason when it aborts;
   * an abort, or leaving the iteration early, resets the stream.
   */
  call(
    method: string | TaggedMethod,
    request: Uint8Array,
    signal: AbortSignal,
  ): AsyncGenerator<Buffer, void, undefined>;
  /** Ends the connection: pending frames are sent, then the socket is dropped. Safe to call twice. */
  close(): Promise<void>;
}

/** A method with what its call says in headers. */
export interface TaggedMethod {
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What a build says when the engine goes away in the middle of it. */
export function connectionLost(cause?: unknown): DockError {
  return new DockError("engine-broken", "the engine closed the connection in the middle of the build", {
    hint: "see whether the engine is still running, then build again",
    cause,
  });
}

/** Speaks HTTP/2 on a socket that the engine has switched to it. */
export function openGrpcClient(socket: Duplex): GrpcClient {
  const connection = connect("http://localhost", {
    createConnection: () => socket,
    maxSessionMemory: 64,
    maxHeaderListPairs: 65_536,
    settings: { enablePush: false, initialWindowSize: 4 * 1024 * 1024, maxHeaderListSize: 16 * 1024 * 1024 },
  });
  const closed = deferred<void>();
  connection.on("close", () => closed.resolve());
  // An error of the connection ends every call on it; each says so itself.
  connection.on("error", () => undefined);
  socket.on("error", () => undefined);
  socket.on("close", () => connection.destroy());
  return {
    connection,
    closed: closed.promise,
    call: (method, request, signal) => call(connection, { method, request }, signal),
    close: async () => {
      if (!connection.destroyed) await flushed(connection);
      connection.destroy();
      socket.destroy();
    },
  };
}

/** Resolves when frames that wait to be sent, such as a reset, have left: `goaway` is queued behind them. */
function flushed(connection: ClientHttp2Session): Promise<void> {
  connection.goaway();
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

async function* call(
  connection: ClientHttp2Session,
  { method, request }: { readonly method: string | TaggedMethod; readonly request: Uint8Array },
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  signal.throwIfAborted();
  if (connection.destroyed || connection.closed) throw connectionLost();
  const { path, metadata } = typeof method === "string" ? { path: method, metadata: {} } : method;
  const stream = connection.request({
    ...metadata,
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
  });
  const outcome = outcomeOf(stream);
  const cancel = (): void => stream.close(constants.NGHTTP2_CANCEL);
  signal.addEventListener("abort", cancel, { once: true });
  try {
    stream.end(frame(request));
    yield* messages(received(stream));
    signal.throwIfAborted();
    throwUnlessOk(await outcome);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", cancel);
    if (!stream.closed) cancel();
  }
}

/** The headers that carry the call's status, or undefined when the stream closed without. Never rejects. */
function outcomeOf(stream: ClientHttp2Stream): Promise<IncomingHttpHeaders | undefined> {
  const outcome = deferred<IncomingHttpHeaders | undefined>();
  // The stream's end without a status is the failure; an error says the same with less.
  stream.on("error", () => undefined);
  stream.on("response", (headers) => {
    if (headers["grpc-status"] !== undefined || headers[":status"] !== 200) outcome.resolve(headers);
  });
  stream.on("trailers", (headers) => outcome.resolve(headers));
  stream.on("close", () => outcome.resolve(undefined));
  return outcome.promise;
}

async function* received(stream: ClientHttp2Stream): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* stream as AsyncIterable<Buffer>;
  } catch (error) {
    throw connectionLost(error);
  }
}

function throwUnlessOk(headers: IncomingHttpHeaders | undefined): void {
  if (!headers) throw connectionLost();
  const text = headers["grpc-status"];
  if (text === undefined) {
    throw new DockError(
      "engine-broken",
      `the engine's builder answered with HTTP status ${String(headers[":status"])}`,
    );
  }
  const status = Number(text);
  if (status === STATUS.ok) return;
  const details = headers["grpc-status-details-bin"];
  throw new GrpcError(
    status,
    decodeStatusMessage(String(headers["grpc-message"] ?? "")) || `gRPC status ${status}`,
    details === undefined ? undefined : Buffer.from(String(details), "base64"),
  );
}
