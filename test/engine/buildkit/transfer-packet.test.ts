import { expect, test } from "vitest";
import { fields, MessageWriter } from "../../../src/engine/buildkit/pb.ts";
import type { SourceEntry } from "../../../src/engine/buildkit/source.ts";
import {
  dataPacketHead,
  endOfStats,
  goFileMode,
  parsePacket,
  statPacket,
} from "../../../src/engine/buildkit/transfer-packet.ts";

function stat(entry: Partial<SourceEntry>): Record<number, string | number> {
  const packet = statPacket({ path: "f", kind: "file", mode: 0o644, size: 0, mtimeNs: 0n, ...entry });
  const [body] = [...fields(packet)];
  if (body?.kind !== "bytes" || body.number !== 2) throw new Error("no stat");
  return Object.fromEntries(
    [...fields(body.value)].map((field) => [
      field.number,
      field.kind === "bytes" ? field.value.toString() : field.value,
    ]),
  );
}

test.each([
  [{ kind: "file", mode: 0o644 }, 0o644],
  [{ kind: "file", mode: 0o4755 }, 0o755 + 2 ** 23],
  [{ kind: "file", mode: 0o2755 }, 0o755 + 2 ** 22],
  [{ kind: "directory", mode: 0o1777 }, 0o777 + 2 ** 31 + 2 ** 20],
  [{ kind: "symlink", mode: 0o777 }, 0o777 + 2 ** 27],
  [{ kind: "fifo", mode: 0o600 }, 0o600 + 2 ** 25],
  [{ kind: "device", mode: 0o660 }, 0o660 + 2 ** 26 + 2 ** 21],
  [{ kind: "device", mode: 0o660, block: true }, 0o660 + 2 ** 26],
] as const)("%j has Go's mode %d", (entry, mode) => {
  expect(goFileMode(entry)).toBe(mode);
  expect(stat(entry)[2]).toBe(mode);
});

test("a file has its size, a second name of it and a directory none", () => {
  expect(stat({ size: 5_000_000_000 })).toEqual({ 1: "f", 2: 0o644, 5: 5_000_000_000 });
  expect(stat({ size: 5, hardLinkTo: "a/é" })).toEqual({ 1: "f", 2: 0o644, 7: "a/é" });
  expect(stat({ kind: "directory", size: 4096 })[5]).toBeUndefined();
});

test("a link's size is that of its target's text", () => {
  expect(stat({ kind: "symlink", linkTarget: "../é" })).toMatchObject({ 5: 5, 7: "../é" });
});

test("a device has its numbers", () => {
  expect(stat({ kind: "device", devMajor: 1, devMinor: 3 })).toMatchObject({ 8: 1, 9: 3 });
});

test("content follows right after its packet's head", () => {
  const packet = Buffer.concat([dataPacketHead(300, 200), Buffer.alloc(200, 7)]);
  expect([...fields(packet)]).toEqual([
    { kind: "varint", number: 1, value: 2 },
    { kind: "varint", number: 3, value: 300 },
    { kind: "bytes", number: 4, value: Buffer.alloc(200, 7) },
  ]);
  expect([...fields(dataPacketHead(1, 0))].map(({ number }) => number)).toEqual([1, 3]);
});

test("what the receiver says is told apart", () => {
  expect(parsePacket(new MessageWriter().uint(1, 1).uint(3, 12).finish())).toEqual({ kind: "request", id: 12 });
  expect(parsePacket(new MessageWriter().uint(1, 1).finish())).toEqual({ kind: "request", id: 0 });
  expect(parsePacket(new MessageWriter().uint(1, 3).finish())).toEqual({ kind: "finished" });
  expect(parsePacket(new MessageWriter().uint(1, 4).text(4, "disk full").finish())).toEqual({
    kind: "error",
    message: "disk full",
  });
  expect(parsePacket(endOfStats())).toBeUndefined();
});
