import fc from "fast-check";
import { expect, test } from "vitest";
import {
  asStdout,
  demultiplexed,
  jsonLines,
  LineSplitter,
  LONGEST_LINE,
  outputLines,
  type OutputName,
} from "../../src/engine/streams.ts";

interface Frame {
  readonly stream: OutputName;
  readonly text: string;
}

function frameBytes({ stream, text }: Frame): Buffer {
  const payload = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = stream === "stdout" ? 1 : 2;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

/** The bytes in pieces of the given sizes, over and over. */
async function* inPieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const frames = fc.array(
  fc.record({ stream: fc.constantFrom("stdout" as const, "stderr" as const), text: fc.string({ unit: "grapheme" }) }),
);
const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 });

test("demultiplexing gives back each stream's bytes, however the connection cuts them", async () => {
  await fc.assert(
    fc.asyncProperty(frames, sizes, async (list, cuts) => {
      const chunks = await all(demultiplexed(inPieces(Buffer.concat(list.map(frameBytes)), cuts)));
      for (const stream of ["stdout", "stderr"] as const) {
        const got = Buffer.concat(chunks.filter((chunk) => chunk.stream === stream).map(({ bytes }) => bytes)).toString(
          "utf8",
        );
        expect(got).toBe(
          list
            .filter((frame) => frame.stream === stream)
            .map(({ text }) => text)
            .join(""),
        );
      }
    }),
  );
});

test("lines come out whole, whatever frames and chunks they are cut into", async () => {
  const lines = fc.array(fc.string({ unit: "grapheme" }).map((text) => text.replaceAll(/[\r\n]/g, "")));
  await fc.assert(
    fc.asyncProperty(lines, sizes, sizes, async (wanted, frameSizes, cuts) => {
      const text = Buffer.from(wanted.map((line) => `${line}\r\n`).join(""));
      const pieces = await all(inPieces(text, frameSizes));
      const header = (size: number): Buffer => Buffer.from([1, 0, 0, 0, 0, 0, 0, size]);
      const bytes = Buffer.concat(pieces.flatMap((piece) => [header(piece.length), piece]));
      const got = await all(outputLines(demultiplexed(inPieces(bytes, cuts))));
      expect(got).toEqual(wanted.map((line) => ({ stream: "stdout", text: line })));
    }),
  );
});

test("a hundred thousand frames of one byte in one chunk are no deep recursion", async () => {
  const one = frameBytes({ stream: "stdout", text: "x" });
  const chunk = Buffer.concat(Array.from({ length: 100_000 }, () => one));
  const chunks = await all(demultiplexed(inPieces(chunk, [chunk.length])));
  expect(chunks).toHaveLength(100_000);
});

test("an unknown stream and an end inside a frame are told", async () => {
  await expect(all(demultiplexed(inPieces(Buffer.from("hello world"), [5])))).rejects.toThrow("stream 104");
  const cut = frameBytes({ stream: "stderr", text: "whole" });
  await expect(all(demultiplexed(inPieces(cut.subarray(0, -1), [3])))).rejects.toThrow("inside a frame");
  await expect(all(demultiplexed(inPieces(cut.subarray(0, 4), [3])))).rejects.toThrow("inside a frame");
});

test("a terminal's output is one stream", async () => {
  const got = await all(outputLines(asStdout(inPieces(Buffer.from("a\r\nb"), [1]))));
  expect(got).toEqual([
    { stream: "stdout", text: "a" },
    { stream: "stdout", text: "b" },
  ]);
});

test("a line that never ends is cut, and loses nothing", () => {
  const splitter = new LineSplitter();
  const text = "é".repeat(LONGEST_LINE * 3 + 7);
  const lines = [...splitter.push(Buffer.from(text)), ...splitter.end()];
  expect(lines.every((line) => line.length <= LONGEST_LINE)).toBe(true);
  expect(lines.join("")).toBe(text);
});

test("JSON messages may be cut anywhere, and the last needs no line end", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.object()), sizes, async (list, cuts) => {
      const wanted = list.map((item) => JSON.parse(JSON.stringify(item)) as unknown);
      const text = wanted.map((item) => JSON.stringify(item)).join("\r\n");
      expect(await all(jsonLines(inPieces(Buffer.from(text), cuts)))).toEqual(wanted);
    }),
  );
  await expect(all(jsonLines(inPieces(Buffer.from('{"a":1}\n{"b":'), [4])))).rejects.toThrow(SyntaxError);
});
