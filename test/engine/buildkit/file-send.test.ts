import { expect, test } from "vitest";
import type { BuildResultSink } from "../../../src/engine/buildkit/file-send.ts";
import { receiveTree } from "../../../src/engine/buildkit/file-receive.ts";
import type { ServerCall } from "../../../src/engine/buildkit/grpc-server.ts";
import { fields, MalformedMessage, MessageWriter } from "../../../src/engine/buildkit/pb.ts";
import { parseSenderPacket } from "../../../src/engine/buildkit/received-entry.ts";
import {
  dataPacketHead,
  endOfStats,
  errorPacket,
  finishedPacket,
  statPacket,
} from "../../../src/engine/buildkit/transfer-packet.ts";
import type { SourceEntry } from "../../../src/engine/buildkit/source.ts";

function stat(path: string, more: Partial<SourceEntry> = {}): Buffer {
  return statPacket({ path, kind: "file", mode: 0o644, size: 1, mtimeNs: 5_000_000_000n, ...more });
}

function data(id: number, text: string): Buffer {
  return Buffer.concat([dataPacketHead(id, text.length), Buffer.from(text)]);
}

/** Receives the packets and tells what the sink and the sender were told. */
async function receive(packets: readonly Buffer[]): Promise<{ readonly heard: string[]; readonly sent: string[] }> {
  const heard: string[] = [];
  const sent: string[] = [];
  const tell = (text: string): Promise<void> => {
    heard.push(text);
    return Promise.resolve();
  };
  const sink: BuildResultSink = {
    entry: async ({ path, kind, mode, linkTarget }) => tell(`${kind} ${path} ${mode.toString(8)} ${linkTarget}`.trim()),
    data: async (path, chunk) => tell(`${path}: ${Buffer.from(chunk).toString()}`),
    end: async (path) => tell(`end ${path}`),
    done: async () => tell("done"),
  };
  const call: ServerCall = {
    metadata: () => [],
    messages: (async function* () {
      for (const packet of packets) yield await Promise.resolve(packet);
    })(),
    write: (frames) => {
      const numbers = [...fields(Buffer.from(frames).subarray(5))].map((field) =>
        field.kind === "varint" ? field.value : -1,
      );
      sent.push(numbers.join(" "));
      return Promise.resolve();
    },
    signal: new AbortController().signal,
  };
  await receiveTree(call, sink);
  return { heard, sent };
}

test("every file is asked for by its place, and files come in any order", async () => {
  const { heard, sent } = await receive([
    stat("a", { kind: "directory", mode: 0o755 }),
    stat("a/one"),
    stat("a/two", { mode: 0o755 }),
    data(2, "2a"),
    stat("b", { hardLinkTo: "a/one" }),
    stat("c", { kind: "symlink", linkTarget: "a" }),
    data(1, "1"),
    endOfStats(),
    data(2, "2b"),
    data(2, ""),
    data(1, ""),
    finishedPacket(),
  ]);
  expect(heard).toEqual([
    "directory a 755",
    "file a/one 644",
    "file a/two 755",
    "a/two: 2a",
    "hardlink b 644 a/one",
    "symlink c 644 a",
    "a/one: 1",
    "a/two: 2b",
    "end a/two",
    "end a/one",
    "done",
  ]);
  expect(sent).toEqual(["1 1", "1 2", "3"]);
});

test("an empty directory is received as well", async () => {
  expect(await receive([endOfStats(), finishedPacket()])).toEqual({ heard: ["done"], sent: ["3"] });
});

test("a path that leads out is refused", () => {
  const packet = (path: string): Buffer =>
    new MessageWriter().bytes(2, new MessageWriter().text(1, path).finish()).finish();
  for (const path of ["../evil", "/evil", "a/../../evil", "a//b", "a/.", "", "a\0b"])
    expect(() => parseSenderPacket(packet(path)), path).toThrow(MalformedMessage);
  expect(parseSenderPacket(packet("...a/b.."))).toMatchObject({ entry: { path: "...a/b.." } });
});

test("the sender's error, data that nobody asked for and an early end are failures", async () => {
  await expect(receive([errorPacket("disk on fire")])).rejects.toThrow("disk on fire");
  await expect(receive([stat("a"), data(7, "x")])).rejects.toThrow("invalid file id 7");
  await expect(receive([stat("a"), endOfStats()])).rejects.toThrow("ended before it was finished");
});
