import fc from "fast-check";
import { expect, test } from "vitest";
import { fields, MalformedMessage, MessageWriter } from "../../../src/engine/buildkit/pb.ts";

test("numbers and texts are read as they were written", () => {
  fc.assert(
    fc.property(
      fc.maxSafeNat(),
      fc.string({ minLength: 1, unit: "binary" }),
      fc.uint8Array(),
      (number, text, bytes) => {
        const message = new MessageWriter().uint(1, number).text(300, text).bytes(3, bytes).finish();
        const read = [...fields(message)];
        const rest = number === 0 ? read : read.slice(1);
        if (number !== 0) expect(read[0]).toEqual({ kind: "varint", number: 1, value: number });
        expect(rest[0]).toEqual({ kind: "bytes", number: 300, value: Buffer.from(text) });
        expect(rest[1]).toEqual({ kind: "bytes", number: 3, value: Buffer.from(bytes) });
      },
    ),
  );
});

test("a time before 1970 is a negative number", () => {
  expect([...fields(new MessageWriter().uint(1, -62_135_596_800n).finish())]).toEqual([
    { kind: "varint", number: 1, value: -62_135_596_800 },
  ]);
  expect(new MessageWriter().uint(1, -1).finish().toString("hex")).toBe("08ffffffffffffffffff01");
});

test("a nanosecond time beyond 2^53 keeps every digit", () => {
  const message = new MessageWriter().uint(6, 1_763_881_234_567_890_123n).finish();
  let value = 0n;
  for (const [index, byte] of message.subarray(1).entries()) value |= BigInt(byte & 0x7f) << BigInt(7 * index);
  expect(value).toBe(1_763_881_234_567_890_123n);
});

test("every number of 64 bits is written as protobuf has it", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }), fc.constantFrom(1n << 28n, (1n << 28n) - 1n)),
      (number) => {
        const message = new MessageWriter().uint(1, number).finish();
        let value = 0n;
        for (const [index, byte] of message.subarray(1).entries()) value |= BigInt(byte & 0x7f) << BigInt(7 * index);
        expect(value).toBe(number);
        expect(message.subarray(1).findIndex((byte) => byte < 0x80)).toBe(message.length - 2);
      },
    ),
  );
});

test("default values are left out, except of bytes", () => {
  expect(new MessageWriter().uint(1, 0).text(2, "").finish()).toHaveLength(0);
  expect([...fields(new MessageWriter().bytes(4, Buffer.alloc(0)).finish())]).toHaveLength(1);
});

test("fixed-width fields are skipped", () => {
  const message = Buffer.from("09ffffffffffffffff" + "15ffffffff" + "1807", "hex");
  expect([...fields(message)]).toEqual([{ kind: "varint", number: 3, value: 7 }]);
});

test("bytes that are no message are refused, whatever they are", () => {
  const cutOff = ["08", "0aff01", "0b", "09ff", "08ffffffffffffffffffff01", "0a0361"];
  for (const hex of cutOff) expect(() => [...fields(Buffer.from(hex, "hex"))], hex).toThrow(MalformedMessage);
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      try {
        expect([...fields(bytes)].length).toBeLessThanOrEqual(bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedMessage);
      }
    }),
  );
});
