import { StringDecoder } from "node:string_decoder";
import { ShapeError } from "./shape.ts";
import type { OutputLine, OutputName } from "./streams.ts";

/** A line of output with the time at which the engine took it. A line longer than the engine's buffer is several of these. */
export interface LogRecord extends OutputLine {
  /** As the engine writes it: RFC 3339 with nanoseconds. */
  readonly time: string;
  /** The same as the engine takes it for `since`: seconds since the epoch with nine decimals, so that text order is time order. */
  readonly at: string;
}

/** Bytes of one message, far above what engines make of a line. */
const LONGEST_MESSAGE = 4 * 1024 * 1024;
/** Bytes at which the engine breaks up a line: what follows begins with a time of its own. */
const ENGINE_PIECE = 16 * 1024;
const HEADER_BYTES = 8;
const NEWLINE = 0x0a;

/**
 * The records of an answer with timestamps, in the engine's order. Bytes may be cut anywhere; memory is bounded by one
 * message. What is no such answer is a `ShapeError`.
 */
export async function* logRecords(
  chunks: AsyncIterable<Uint8Array>,
  { tty }: { readonly tty: boolean },
): AsyncGenerator<LogRecord, void, void> {
  const decoders = { stdout: new StringDecoder("utf8"), stderr: new StringDecoder("utf8") };
  for await (const { stream, bytes } of tty ? terminalPieces(chunks) : framedPieces(chunks)) {
    yield readRecord(bytes, stream, decoders[stream]);
  }
}

interface Piece {
  readonly stream: OutputName;
  /** Time, space, text, and a line end unless the line goes on in the next piece. */
  readonly bytes: Buffer;
}

/** Without a terminal, each frame is one message. */
async function* framedPieces(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Piece, void, void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? asBuffer(chunk) : Buffer.concat([rest, chunk]);
    let start = 0;
    while (rest.length - start >= HEADER_BYTES) {
      const size = rest.readUInt32BE(start + 4);
      if (size > LONGEST_MESSAGE) throw new ShapeError(`a message of output is said to have ${size} bytes`);
      const end = start + HEADER_BYTES + size;
      if (rest.length < end) break;
      const stream = rest[start];
      if (stream === undefined || stream > 2) throw new ShapeError(`a frame of output names stream ${stream}`);
      yield { stream: stream === 2 ? "stderr" : "stdout", bytes: rest.subarray(start + HEADER_BYTES, end) };
      start = end;
    }
    rest = rest.subarray(start);
  }
  if (rest.length > 0) throw new ShapeError("the output ends inside a frame");
}

/** With a terminal there are no frames: a message ends with its line, or after as many bytes as the engine holds. */
async function* terminalPieces(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Piece, void, void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? asBuffer(chunk) : Buffer.concat([rest, chunk]);
    let start = 0;
    for (;;) {
      const textStart = rest.indexOf(0x20, start) + 1;
      if (textStart === 0) break;
      const newline = rest.indexOf(NEWLINE, textStart);
      const full = textStart + ENGINE_PIECE;
      const end = newline >= 0 && newline <= full ? newline + 1 : rest.length > full ? full : -1;
      if (end < 0) break;
      yield { stream: "stdout", bytes: rest.subarray(start, end) };
      start = end;
    }
    rest = rest.subarray(start);
  }
  if (rest.length > 0) yield { stream: "stdout", bytes: rest };
}

function readRecord(bytes: Buffer, stream: OutputName, decoder: StringDecoder): LogRecord {
  const space = bytes.indexOf(0x20);
  // A line that is empty may come without the space.
  const time = bytes.toString("latin1", 0, space < 0 ? bytes.length : space).trimEnd();
  const at = secondsOf(time);
  if (at === undefined) throw new ShapeError(`a line of output begins with "${time.slice(0, 40)}", which is no time`);
  const whole = bytes.at(-1) === NEWLINE;
  let end = whole ? bytes.length - 1 : bytes.length;
  if (whole && bytes[end - 1] === 0x0d) end -= 1;
  const body = space < 0 ? bytes.subarray(0, 0) : bytes.subarray(space + 1, Math.max(space + 1, end));
  const text = decoder.write(body) + (whole ? decoder.end() : "");
  return { stream, time, at, text };
}

/** `1700000000.123456789` of an RFC 3339 time with up to nine decimals; undefined when it is none. */
function secondsOf(time: string): string | undefined {
  const [, whole = "", decimals = "", zone = ""] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(time) ?? [];
  const milliseconds = Date.parse(whole + zone);
  if (Number.isNaN(milliseconds)) return undefined;
  return `${String(milliseconds / 1000).padStart(10, "0")}.${decimals.padEnd(9, "0")}`;
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
