/** What gRPC's two ends share: the framing of messages in an HTTP/2 stream, and how a call's outcome is told. */

/** The gRPC status codes that this client sends or tells apart. */
export const STATUS = {
  ok: 0,
  canceled: 1,
  unknown: 2,
  invalidArgument: 3,
  notFound: 5,
  alreadyExists: 6,
  failedPrecondition: 9,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const;

/** Largest message accepted from the other end: BuildKit's own limit. */
const MESSAGE_LIMIT = 16 * 1024 * 1024;

const HEADER_LENGTH = 5;

/** The outcome of a call that did not succeed. */
export class GrpcError extends Error {
  readonly status: number;
  /** The serialized `google.rpc.Status` that came with the trailers. */
  readonly details: Buffer | undefined;

  constructor(status: number, message: string, details?: Buffer) {
    super(message);
    this.name = "GrpcError";
    this.status = status;
    this.details = details;
  }
}

/** The five bytes that stand before a message: not compressed, length. */
export function frameHeader(length: number): Buffer {
  const header = Buffer.allocUnsafe(HEADER_LENGTH);
  header[0] = 0;
  header.writeUInt32BE(length, 1);
  return header;
}

/** A message with its frame. */
export function frame(message: Uint8Array): Buffer {
  return Buffer.concat([frameHeader(message.length), message]);
}

/** Cuts a stream of bytes into messages. Throws `GrpcError` for a compressed or oversized one, or when the last is cut off. */
export async function* messages(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let pending: Buffer[] = [];
  let size = 0;
  let wanted = HEADER_LENGTH;
  for await (const chunk of chunks) {
    pending.push(chunk);
    size += chunk.length;
    if (size < wanted) continue;
    let bytes = pending.length === 1 ? chunk : Buffer.concat(pending);
    for (;;) {
      wanted = HEADER_LENGTH + (bytes.length < HEADER_LENGTH ? 0 : messageLength(bytes));
      if (bytes.length < wanted || bytes.length < HEADER_LENGTH) break;
      yield bytes.subarray(HEADER_LENGTH, wanted);
      bytes = bytes.subarray(wanted);
    }
    pending = [bytes];
    size = bytes.length;
  }
  if (size > 0) throw new GrpcError(STATUS.internal, "message cut off");
}

function messageLength(bytes: Buffer): number {
  if (bytes[0] !== 0) throw new GrpcError(STATUS.unimplemented, "compressed messages are not supported");
  const length = bytes.readUInt32BE(1);
  if (length > MESSAGE_LIMIT) throw new GrpcError(STATUS.internal, `message of ${length} bytes is too large`);
  return length;
}

/** A status message in the form that the `grpc-message` trailer may hold: printable ASCII, the rest percent-encoded. */
export function encodeStatusMessage(message: string): string {
  return Array.from(Buffer.from(message), (byte) =>
    byte >= 0x20 && byte < 0x7f && byte !== 0x25
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
  ).join("");
}

/** The reverse of `encodeStatusMessage`; what is not validly encoded stays as it is. */
export function decodeStatusMessage(text: string): string {
  const bytes = text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}
