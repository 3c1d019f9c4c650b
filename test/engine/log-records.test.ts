import fc from "fast-check";
import { expect, test } from "vitest";
import { type LogRecord, logRecords } from "../../src/engine/log-records.ts";

const TIME = "2026-01-02T03:04:05.000000001Z";
const AT = "1767323045.000000001";

function frame(stream: 1 | 2, text: string): Buffer {
  const payload = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

async function read(chunks: readonly Uint8Array[], tty = false): Promise<readonly LogRecord[]> {
  async function* given(): AsyncGenerator<Uint8Array> {
    yield* chunks;
  }
  const records: LogRecord[] = [];
  for await (const record of logRecords(given(), { tty })) records.push(record);
  return records;
}

/** The bytes in pieces of the given sizes, again and again. */
function cut(bytes: Buffer, sizes: readonly number[]): readonly Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const end = at + (sizes[turn % sizes.length] ?? 1);
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}

test("a line keeps its time beside its text", async () => {
  expect(await read([frame(1, `${TIME} one\r\n`), frame(2, `${TIME} \n`)])).toEqual([
    { stream: "stdout", time: TIME, at: AT, text: "one" },
    { stream: "stderr", time: TIME, at: AT, text: "" },
  ]);
});

test("times with few decimals and with a zone are in the order of the clock", async () => {
  const times = ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.5Z", "2026-01-02T04:04:05.6+01:00"];
  const records = await read(times.map((time) => frame(1, `${time} x\n`)));
  expect(records.map(({ at }) => at)).toEqual(["1767323045.000000000", "1767323045.500000000", "1767323045.600000000"]);
});

test("the pieces of a line that the engine broke up carry no times within their text", async () => {
  const long = "x".repeat(16_384);
  const framed = await read([frame(1, `${TIME} ${long}`), frame(2, `${TIME} err\n`), frame(1, `${TIME} end\n`)]);
  expect(framed.map(({ text }) => text)).toEqual([long, "err", "end"]);
  const raw = await read([Buffer.from(`${TIME} ${long}${TIME} end\r\n${TIME} next\r\n`)], true);
  expect(raw.map(({ text }) => text)).toEqual([long, "end", "next"]);
});

test("a character that is cut between two pieces stays whole", async () => {
  const bytes = Buffer.from(`é\n`);
  const first = Buffer.concat([Buffer.from(`${TIME} `), bytes.subarray(0, 1)]);
  const rest = Buffer.concat([Buffer.from(`${TIME} `), bytes.subarray(1)]);
  const header = (size: number): Buffer => frame(1, "x".repeat(size)).subarray(0, 8);
  const records = await read([header(first.length), first, header(rest.length), rest]);
  expect(records.map(({ text }) => text).join("")).toBe("é");
});

test("what is no answer with times is an error, and so is an end inside a frame", async () => {
  await expect(read([frame(1, "no time here\n")])).rejects.toThrow('begins with "no"');
  await expect(read([frame(1, `${TIME} one\n`).subarray(0, 20)])).rejects.toThrow("inside a frame");
  await expect(read([Buffer.from([1, 0, 0, 0, 0xff, 0, 0, 0])])).rejects.toThrow("bytes");
});

test("where the bytes are cut does not matter", async () => {
  const line = fc.record({ stream: fc.constantFrom(1 as const, 2 as const), text: fc.string({ unit: "grapheme" }) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(line),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      async (lines, sizes) => {
        const texts = lines.map(({ text }) => text.replaceAll(/[\r\n]/g, ""));
        const bytes = Buffer.concat(lines.map(({ stream }, index) => frame(stream, `${TIME} ${texts[index]}\n`)));
        const records = await read(cut(bytes, sizes));
        expect(records.map(({ text }) => text)).toEqual(texts);
        expect(records.map(({ stream }) => (stream === "stdout" ? 1 : 2))).toEqual(lines.map(({ stream }) => stream));
        const raw = Buffer.from(texts.map((text) => `${TIME} ${text}\r\n`).join(""));
        expect((await read(cut(raw, sizes), true)).map(({ text }) => text)).toEqual(texts);
      },
    ),
  );
});
