import { connect, type ClientHttp2Stream, type OutgoingHttpHeaders } from "node:http2";
import { expect, onTestFinished, test } from "vitest";
import { diffCopy } from "../../../src/engine/buildkit/file-sync.ts";
import { serveGrpc } from "../../../src/engine/buildkit/grpc-server.ts";
import { frame, messages } from "../../../src/engine/buildkit/grpc-wire.ts";
import { fields, MessageWriter } from "../../../src/engine/buildkit/pb.ts";
import type { LocalSource, SourceEntry, SourceFilter } from "../../../src/engine/buildkit/source.ts";
import { deferred } from "../../../src/std/deferred.ts";
import { socketPair } from "./socket-pair.ts";

/** A packet as the receiver sees it. */
interface Packet {
  readonly type: "stat" | "data" | "finished" | "error";
  readonly id: number;
  readonly path: string | undefined;
  readonly data: Buffer;
}

function parse(message: Buffer): Packet {
  let [type, id] = [0, 0];
  let path: string | undefined;
  let data: Buffer = Buffer.alloc(0);
  for (const field of fields(message)) {
    if (field.kind === "varint" && field.number === 1) type = field.value;
    else if (field.kind === "varint" && field.number === 3) id = field.value;
    else if (field.kind === "bytes" && field.number === 4) data = field.value;
    else if (field.kind === "bytes") path = [...fields(field.value)][0]?.value.toString();
  }
  const name = (["stat", undefined, "data", "finished", "error"] as const)[type];
  if (!name) throw new Error(`unexpected packet ${type}`);
  return { type: name, id, path, data };
}

/** The builder's end of a transfer. */
interface Receiver {
  readonly stream: ClientHttp2Stream;
  readonly failures: unknown[];
  next(): Promise<Packet | undefined>;
  request(id: number): void;
  finish(): void;
  /** The status that the sender ended the call with. */
  status(): Promise<string>;
}

async function receive(sources: Record<string, LocalSource>, headers: OutgoingHttpHeaders = {}): Promise<Receiver> {
  const [near, far] = await socketPair();
  const failures: unknown[] = [];
  const method = diffCopy({ sources, onFailure: (error) => failures.push(error) });
  const server = serveGrpc(far, new Map([["/DiffCopy", method]]));
  const session = connect("http://localhost", { createConnection: () => near });
  onTestFinished(() => {
    session.destroy();
    server.close();
  });
  const stream = session.request({ ":method": "POST", ":path": "/DiffCopy", "dir-name": "context", ...headers });
  stream.on("error", () => undefined);
  const trailers = new Promise<string>((resolve) => {
    stream.on("trailers", (fields) => resolve(String(fields["grpc-status"])));
  });
  const packets = messages(stream);
  return {
    stream,
    failures,
    next: async () => {
      const { value, done } = await packets.next();
      return done === true ? undefined : parse(value);
    },
    request: (id) => void stream.write(frame(new MessageWriter().uint(1, 1).uint(3, id).finish())),
    finish: () => void stream.write(frame(new MessageWriter().uint(1, 3).finish())),
    status: () => trailers,
  };
}

function source(files: Record<string, string | Error>): LocalSource & { readonly filters: SourceFilter[] } {
  const filters: SourceFilter[] = [];
  return {
    filters,
    entries: async function* (filter) {
      filters.push(filter);
      await Promise.resolve();
      for (const path of Object.keys(files)) {
        const kind = path.endsWith("d") ? ("directory" as const) : ("file" as const);
        yield [{ path, kind, mode: 0o644, size: 1, mtimeNs: 1n }];
      }
    },
    read: async function* (path) {
      const content = files[path];
      if (content instanceof Error) throw content;
      yield await Promise.resolve(Buffer.from(content ?? ""));
    },
  };
}

async function stats(receiver: Receiver): Promise<string[]> {
  const paths: string[] = [];
  for (;;) {
    const packet = await receiver.next();
    if (packet?.path === undefined) return paths;
    paths.push(packet.path);
  }
}

async function contents(receiver: Receiver, count: number): Promise<Map<number, string>> {
  const parts = new Map<number, string>();
  const ended = new Set<number>();
  while (ended.size < count) {
    const packet = await receiver.next();
    if (packet?.type !== "data") throw new Error(`unexpected ${packet?.type}`);
    parts.set(packet.id, (parts.get(packet.id) ?? "") + packet.data.toString());
    if (packet.data.length === 0) ended.add(packet.id);
  }
  return parts;
}

test("sends the entries, the files that are asked for by their place, and agrees to the end", async () => {
  const receiver = await receive({ context: source({ a: "A", d: "", "d/b": "B", e: "" }) });
  expect(await stats(receiver)).toEqual(["a", "d", "d/b", "e"]);
  for (const id of [2, 0, 3]) receiver.request(id);
  expect(await contents(receiver, 3)).toEqual(
    new Map([
      [2, "B"],
      [0, "A"],
      [3, ""],
    ]),
  );
  receiver.finish();
  expect(await receiver.next()).toMatchObject({ type: "finished" });
  expect(await receiver.next()).toBeUndefined();
  expect(await receiver.status()).toBe("0");
  expect(receiver.failures).toEqual([]);
});

test("a file is sent while the walk still goes on", async () => {
  const gate = deferred<void>();
  const slow: LocalSource = {
    entries: async function* () {
      yield [{ path: "a", kind: "file" as const, mode: 0o644, size: 1, mtimeNs: 1n }];
      await gate.promise;
      yield [{ path: "b", kind: "file" as const, mode: 0o644, size: 1, mtimeNs: 1n }];
    },
    read: async function* () {
      yield await Promise.resolve(Buffer.from("A"));
    },
  };
  const receiver = await receive({ context: slow });
  expect(await receiver.next()).toMatchObject({ type: "stat", path: "a" });
  receiver.request(0);
  expect(await contents(receiver, 1)).toEqual(new Map([[0, "A"]]));
  gate.resolve();
  expect(await stats(receiver)).toEqual(["b"]);
});

test("large files interleave, and no packet is larger than 128 KiB", async () => {
  const large = "x".repeat(1_000_000);
  const receiver = await receive({ context: source({ a: large, b: large }) });
  await stats(receiver);
  receiver.request(0);
  receiver.request(1);
  const sizes = new Map([
    [0, 0],
    [1, 0],
  ]);
  const ended = new Set<number>();
  while (ended.size < 2) {
    const packet = await receiver.next();
    if (!packet) throw new Error("ended early");
    expect(packet.data.length).toBeLessThanOrEqual(128 * 1024);
    sizes.set(packet.id, (sizes.get(packet.id) ?? 0) + packet.data.length);
    if (packet.data.length === 0) ended.add(packet.id);
  }
  expect([...sizes.values()]).toEqual([1_000_000, 1_000_000]);
});

test("the filter of the call reaches the source, escaped or not", async () => {
  const context = source({});
  const receiver = await receive(
    { context },
    {
      "exclude-patterns": ["a, b", "!*.c%41"],
      "include-patterns": ["%C3%A9+x", "a%2Bb"],
      "include-patterns-encoded": "1",
      followpaths: [Buffer.from("é").toString("latin1")],
    },
  );
  await stats(receiver);
  expect(context.filters).toEqual([{ exclude: ["a, b", "!*.c%41"], include: ["é x", "a+b"], followPaths: ["é"] }]);
});

test.each(["secrets", "__proto__", "constructor", ""])(
  "a directory that was not offered is not found: %j",
  async (name) => {
    const receiver = await receive({ context: source({}) }, { "dir-name": name });
    expect(await receiver.next()).toBeUndefined();
    expect(await receiver.status()).toBe("5");
  },
);

test("a source that fails ends the transfer, tells the builder and is told itself", async () => {
  const denied = new Error("permission denied");
  const receiver = await receive({ context: source({ a: denied }) });
  await stats(receiver);
  receiver.request(0);
  expect(await receiver.next()).toMatchObject({ type: "error", data: Buffer.from("permission denied") });
  expect(await receiver.status()).toBe("2");
  expect(receiver.failures).toEqual([denied]);
});

test("a walk out of order is a failure of the source", async () => {
  const receiver = await receive({ context: source({ b: "", a: "" }) });
  expect(await receiver.next()).toMatchObject({ path: "b" });
  expect(await receiver.next()).toMatchObject({ type: "error" });
  expect(await receiver.status()).toBe("2");
  expect(receiver.failures).toHaveLength(1);
});

test.each([
  ["a directory", 1],
  ["an entry that does not exist", 7],
])("asking for %s is refused", async (_, id) => {
  const receiver = await receive({ context: source({ a: "A", d: "" }) });
  await stats(receiver);
  receiver.request(id);
  expect(await receiver.next()).toMatchObject({ type: "error" });
  expect(await receiver.status()).toBe("3");
  expect(receiver.failures).toEqual([]);
});

test("a file is sent once", async () => {
  const receiver = await receive({ context: source({ a: "A" }) });
  await stats(receiver);
  receiver.request(0);
  await contents(receiver, 1);
  receiver.request(0);
  expect(await receiver.next()).toMatchObject({ type: "error" });
});

/** Endless, until it is left; says how much was taken and when it was left. */
function endless(): { source: LocalSource; taken: () => number; left: Promise<void> } {
  let taken = 0;
  const left = deferred<void>();
  const entries = async function* (): AsyncGenerator<readonly SourceEntry[]> {
    try {
      for (;;) {
        taken += 1;
        await Promise.resolve();
        yield [{ path: `f${String(taken).padStart(9, "0")}`, kind: "file", mode: 0o644, size: 1, mtimeNs: 1n }];
      }
    } finally {
      left.resolve();
    }
  };
  return { source: { entries, read: () => entries() as never }, taken: () => taken, left: left.promise };
}

test("a walk waits for a receiver that does not read, lets the event loop turn, and ends with the call", async () => {
  const { source: context, taken, left } = endless();
  const receiver = await receive({ context });
  receiver.stream.pause();
  // It has stopped when a good while brings no more.
  let [last, same] = [-1, 0];
  while (same < 200) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    same = taken() === last && last > 0 ? same + 1 : 0;
    last = taken();
  }
  expect(last).toBeLessThan(1_000_000);
  receiver.stream.close(8);
  await left;
  expect(receiver.failures).toEqual([]);
});
