import { once } from "node:events";
import { connect, type ClientHttp2Stream } from "node:http2";
import { expect, onTestFinished, test } from "vitest";
import { openGrpcClient, type GrpcClient } from "../../../src/engine/buildkit/grpc-client.ts";
import { serveGrpc, unary, type GrpcServer, type Method } from "../../../src/engine/buildkit/grpc-server.ts";
import {
  decodeStatusMessage,
  encodeStatusMessage,
  frame,
  GrpcError,
  messages,
} from "../../../src/engine/buildkit/grpc-wire.ts";
import { socketPair } from "./socket-pair.ts";

const never = new AbortController().signal;

async function pair(methods: Record<string, Method>): Promise<{ server: GrpcServer; client: GrpcClient }> {
  const [near, far] = await socketPair();
  const server = serveGrpc(far, new Map(Object.entries(methods)));
  const client = openGrpcClient(near);
  onTestFinished(async () => {
    await client.close();
    server.close();
  });
  return { server, client };
}

async function all(answers: AsyncIterable<Buffer>): Promise<string[]> {
  const texts: string[] = [];
  for await (const answer of answers) texts.push(answer.toString());
  return texts;
}

const echo = unary((request) => Promise.resolve(request));

test("a method answers a message", async () => {
  const { client } = await pair({ "/a.B/Echo": echo });
  expect(await all(client.call("/a.B/Echo", Buffer.from("hello"), never))).toEqual(["hello"]);
  expect(await all(client.call("/a.B/Echo", Buffer.alloc(0), never))).toEqual([""]);
});

test("a message larger than any window comes whole", async () => {
  const { client } = await pair({ "/a.B/Echo": echo });
  const [answer] = await all(client.call("/a.B/Echo", Buffer.alloc(9_000_000, "x"), never));
  expect(answer).toHaveLength(9_000_000);
});

test("a method that is not served has status 12", async () => {
  const { client } = await pair({});
  await expect(all(client.call("/a.B/C", Buffer.alloc(0), never))).rejects.toMatchObject({
    name: "GrpcError",
    status: 12,
  });
});

test("a method's own status and message arrive, whatever the message holds", async () => {
  const text = "no \u{1f600} 100%\nsecond line";
  const { client } = await pair({
    "/a.B/Fail": () => Promise.reject(new GrpcError(5, text)),
    "/a.B/Throw": () => Promise.reject(new TypeError("oops")),
  });
  await expect(all(client.call("/a.B/Fail", Buffer.alloc(0), never))).rejects.toMatchObject({
    status: 5,
    message: text,
  });
  await expect(all(client.call("/a.B/Throw", Buffer.alloc(0), never))).rejects.toMatchObject({
    status: 2,
    message: "oops",
  });
  expect(decodeStatusMessage(encodeStatusMessage(text))).toBe(text);
});

test("header lines of one name stay apart, and 5,000 of them are taken", async () => {
  const patterns = Array.from({ length: 5000 }, (_, index) => `dir${index}/a, b`);
  const [near, far] = await socketPair();
  const server = serveGrpc(
    far,
    new Map([
      ["/a.B/Count", async (call) => call.write(frame(Buffer.from(JSON.stringify(call.metadata("exclude-patterns")))))],
    ]),
  );
  onTestFinished(() => server.close());
  const session = connect("http://localhost", { createConnection: () => near, maxSendHeaderBlockLength: 1 << 24 });
  onTestFinished(() => session.destroy());
  const stream: ClientHttp2Stream = session.request({
    ":method": "POST",
    ":path": "/a.B/Count",
    "exclude-patterns": patterns,
  });
  stream.end();
  const answers = await all(messages(stream));
  expect(JSON.parse(answers[0] ?? "")).toEqual(patterns);
});

test("an abort resets the call, and the server's call ends with it", async () => {
  const stop = new AbortController();
  let ended: Promise<unknown> | undefined;
  const { client } = await pair({
    "/a.B/Hang": async (call) => {
      ended = once(call.signal, "abort");
      await call.write(frame(Buffer.from("started")));
      await ended;
    },
  });
  const answers = client.call("/a.B/Hang", Buffer.alloc(0), stop.signal);
  await answers.next();
  stop.abort(new Error("enough"));
  await expect(answers.next()).rejects.toThrow("enough");
  await ended;
});

test("a call whose connection breaks fails instead of ending", async () => {
  const { client, server } = await pair({
    "/a.B/Hang": async (call) => {
      await call.write(frame(Buffer.from("started")));
      await once(call.signal, "abort");
    },
  });
  const answers = client.call("/a.B/Hang", Buffer.alloc(0), never);
  await answers.next();
  server.close();
  await expect(answers.next()).rejects.toMatchObject({ code: "engine-broken" });
  await client.closed;
  await expect(client.call("/a.B/Hang", Buffer.alloc(0), never).next()).rejects.toMatchObject({
    code: "engine-broken",
  });
});

test("what waits for a reader's room ends when the call does", async () => {
  let outcome: Promise<unknown> | undefined;
  const { client } = await pair({
    "/a.B/Flood": (call) => {
      const flood = async (): Promise<void> => {
        for (;;) await call.write(frame(Buffer.alloc(1 << 20)));
      };
      outcome = flood().catch((error: unknown) => error);
      return outcome.then(() => undefined);
    },
  });
  const answers = client.call("/a.B/Flood", Buffer.alloc(0), never);
  await answers.next();
  await answers.return();
  expect(await outcome).toMatchObject({ name: "GrpcError", status: 1 });
});

test("messages are cut out of chunks of any size", async () => {
  const bytes = Buffer.concat(["one", "", "three"].map((text) => frame(Buffer.from(text))));
  for (let size = 1; size <= bytes.length; size += 1) {
    const chunks = async function* (): AsyncGenerator<Buffer> {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
      await Promise.resolve();
    };
    expect(await all(messages(chunks()))).toEqual(["one", "", "three"]);
  }
});

test.each([
  ["cut off", frame(Buffer.from("abc")).subarray(0, 7), /cut off/],
  ["compressed", Buffer.from([1, 0, 0, 0, 0]), /compressed/],
  ["too large", Buffer.from([0, 0xff, 0, 0, 0]), /too large/],
])("a message that is %s is refused", async (_, bytes, message) => {
  const chunks = async function* (): AsyncGenerator<Buffer> {
    yield await Promise.resolve(bytes);
  };
  await expect(all(messages(chunks()))).rejects.toThrow(message);
});
