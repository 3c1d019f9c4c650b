import { StringDecoder } from "node:string_decoder";
import { ShapeError } from "./shape.ts";

/** Which of a process's outputs bytes came from. */
export type OutputName = "stdout" | "stderr";

/** Bytes of one of a process's outputs. */
export interface OutputChunk {
  readonly stream: OutputName;
  readonly bytes: Buffer;
}

/** One line of one of a process's outputs, without its line end. */
export interface OutputLine {
  readonly stream: OutputName;
  readonly text: string;
}

/** Characters at which a line that does not end is cut; the rest follows as lines of its own. */
export const LONGEST_LINE = 16 * 1024;

const HEADER_BYTES = 8;

/**
 * Splits the engine's multiplexed output into its streams. Frames may be of any size and cut anywhere; bytes are passed
 * on as they come, so memory is bounded by the chunks' size. An unknown stream number, or an end inside a frame, is a
 * `ShapeError`.
 */
export async function* demultiplexed(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<OutputChunk, void, void> {
  const header = Buffer.alloc(HEADER_BYTES);
  let headerFilled = 0;
  let stream: OutputName = "stdout";
  let left = 0;
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let at = 0;
    while (at < bytes.length) {
      if (left > 0) {
        const end = Math.min(at + left, bytes.length);
        yield { stream, bytes: bytes.subarray(at, end) };
        left -= end - at;
        at = end;
        continue;
      }
      const copied = bytes.copy(header, headerFilled, at, at + HEADER_BYTES - headerFilled);
      at += copied;
      headerFilled += copied;
      if (headerFilled < HEADER_BYTES) break;
      headerFilled = 0;
      stream = streamOf(header);
      left = header.readUInt32BE(4);
    }
  }
  if (left > 0 || headerFilled > 0) throw new ShapeError("the output ends inside a frame");
}

function streamOf(header: Buffer): OutputName {
  switch (header[0]) {
    case 0:
    case 1:
      return "stdout";
    case 2:
      return "stderr";
    default:
      throw new ShapeError(`a frame of output names stream ${header[0]}`);
  }
}

/** A terminal's output, which the engine does not multiplex, in the form of one that it does. */
export async function* asStdout(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<OutputChunk, void, void> {
  for await (const chunk of chunks) {
    yield { stream: "stdout", bytes: Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength) };
  }
}

/** The lines of both outputs in the order in which they end. A last line without a line end is passed on at the end. */
export async function* outputLines(chunks: AsyncIterable<OutputChunk>): AsyncGenerator<OutputLine, void, void> {
  const splitters = { stdout: new LineSplitter(), stderr: new LineSplitter() };
  for await (const { stream, bytes } of chunks) {
    for (const text of splitters[stream].push(bytes)) yield { stream, text };
  }
  for (const stream of ["stdout", "stderr"] as const) {
    for (const text of splitters[stream].end()) yield { stream, text };
  }
}

/** Cuts bytes into lines, whatever way they were cut before; lines longer than the limit are broken up. */
export class LineSplitter {
  readonly #decoder = new StringDecoder("utf8");
  readonly #limit: number;
  #rest = "";

  constructor(limit = LONGEST_LINE) {
    this.#limit = limit;
  }

  /** The lines that these bytes complete. */
  push(bytes: Uint8Array): string[] {
    const parts = this.#decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)).split("\n");
    if (parts.length === 1) {
      this.#rest += parts[0] ?? "";
      return this.#cut();
    }
    const lines: string[] = [];
    const last = parts.pop() ?? "";
    for (const part of parts) {
      this.#rest += part;
      lines.push(...this.#cut(), this.#rest.endsWith("\r") ? this.#rest.slice(0, -1) : this.#rest);
      this.#rest = "";
    }
    this.#rest = last;
    return [...lines, ...this.#cut()];
  }

  /** What is left when there is no more to come: one line, or none. */
  end(): string[] {
    this.#rest += this.#decoder.end();
    const lines = this.#cut();
    if (this.#rest !== "") lines.push(this.#rest);
    this.#rest = "";
    return lines;
  }

  #cut(): string[] {
    const lines: string[] = [];
    let start = 0;
    while (this.#rest.length - start > this.#limit) {
      lines.push(this.#rest.slice(start, start + this.#limit));
      start += this.#limit;
    }
    if (start > 0) this.#rest = this.#rest.slice(start);
    return lines;
  }
}

/** Characters of one JSON message of a progress or event stream, far above any that engines send. */
const LONGEST_MESSAGE = 4 * 1024 * 1024;

/** The JSON values of a stream with one on each line; a last one needs no line end. Text that is not JSON is a `SyntaxError`. */
export async function* jsonLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<unknown, void, void> {
  const splitter = new LineSplitter(LONGEST_MESSAGE);
  for await (const chunk of chunks) {
    for (const line of splitter.push(chunk)) {
      if (line.trim() !== "") yield JSON.parse(line);
    }
  }
  for (const line of splitter.end()) {
    if (line.trim() !== "") yield JSON.parse(line);
  }
}
