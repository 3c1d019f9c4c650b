import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { contentMethods } from "../../../src/engine/buildkit/content.ts";
import { openGrpcClient, type GrpcClient } from "../../../src/engine/buildkit/grpc-client.ts";
import { serveGrpc } from "../../../src/engine/buildkit/grpc-server.ts";
import { fields, MessageWriter } from "../../../src/engine/buildkit/pb.ts";
import { contentDirectory } from "../../../src/execute/content-directory.ts";
import { socketPair } from "./socket-pair.ts";

const digestOf = (text: string): string => `sha256:${createHash("sha256").update(text).digest("hex")}`;
const [STAT, WRITE, COMMIT] = [0, 1, 2];

interface Rig {
  readonly root: string;
  readonly ask: (method: string, message: Buffer, store?: string) => Promise<Buffer[]>;
}

async function rig({ writable = true } = {}): Promise<Rig> {
  const root = await mkdtemp(join(tmpdir(), "dock-content-"));
  const [near, far] = await socketPair();
  const stores = { "local:a": contentDirectory(join(root, "a"), { writable }) };
  const server = serveGrpc(near, new Map(contentMethods(stores)));
  const client: GrpcClient = openGrpcClient(far);
  onTestFinished(async () => {
    await client.close();
    server.close();
    await rm(root, { recursive: true, force: true });
  });
  const ask: Rig["ask"] = async (method, message, store = "local:a") => {
    const answers: Buffer[] = [];
    const path = `/containerd.services.content.v1.Content/${method}`;
    const tagged = { path, metadata: { "buildkit-attachable-store-id": store } };
    for await (const one of client.call(tagged, message, new AbortController().signal)) answers.push(one);
    return answers;
  };
  return { root, ask };
}

function writing(action: number, { expected = "", total = 0, offset = 0, data = "" } = {}): Buffer {
  const message = new MessageWriter().uint(1, action).text(2, "ref").uint(3, total).text(4, expected).uint(5, offset);
  return (data === "" ? message : message.bytes(6, Buffer.from(data))).finish();
}

function values(message: Buffer | undefined): Readonly<Record<number, unknown>> {
  const found = [...fields(message ?? Buffer.alloc(0))];
  return Object.fromEntries(
    found.map((field) => [field.number, field.kind === "bytes" ? field.value.toString() : field.value]),
  );
}

const asking = (digest: string, offset = 0, size = 0): Buffer =>
  new MessageWriter().text(1, digest).uint(2, offset).uint(3, size).finish();

test("a blob that was written is found under its digest and read in parts", async () => {
  const { root, ask } = await rig();
  const digest = digestOf("hello world");
  await expect(ask("Info", asking(digest))).rejects.toMatchObject({ status: 5 });
  const [answer] = await ask("Write", writing(COMMIT, { expected: digest, total: 11, data: "hello world" }));
  expect(values(answer)).toMatchObject({ 1: COMMIT, 4: 11, 6: digest });
  const [info] = await ask("Info", asking(digest));
  expect(
    [...fields(info ?? Buffer.alloc(0))].map((field) => values(field.kind === "bytes" ? field.value : undefined)),
  ).toEqual([{ 1: digest, 2: 11 }]);
  expect((await ask("Read", asking(digest))).map((one) => values(one))).toEqual([{ 2: "hello world" }]);
  expect((await ask("Read", asking(digest, 6, 3))).map((one) => values(one))).toEqual([{ 1: 6, 2: "wor" }]);
  await expect(ask("Write", writing(STAT, { expected: digest }))).rejects.toMatchObject({ status: 6 });
  expect(await readdir(join(root, "a/blobs"))).toEqual(["sha256"]);
});

test.each([
  ["another content than its digest says", { expected: digestOf("x"), data: "hello" }],
  ["fewer bytes than were announced", { total: 7, data: "hello" }],
  ["bytes that don't follow each other", { offset: 3, data: "hello" }],
])("%s is refused and leaves nothing behind", async (_, message) => {
  const { root, ask } = await rig();
  await expect(ask("Write", writing(COMMIT, message))).rejects.toThrow();
  expect(await readdir(root, { recursive: true })).not.toContainEqual(expect.stringMatching(/part-|sha256/));
});

test("a write that is not committed leaves nothing behind", async () => {
  const { root, ask } = await rig();
  const [answer] = await ask("Write", writing(WRITE, { data: "half" }));
  expect(values(answer)).toMatchObject({ 1: WRITE, 4: 4 });
  await expect.poll(() => readdir(join(root, "a/blobs"))).toEqual([]);
});

test("no path leads out of a store, no other store is served, and what is to be read only is not written", async () => {
  const { root, ask } = await rig({ writable: false });
  await writeFile(join(root, "secret"), "hush");
  for (const digest of ["sha256:../../../secret", "../secret", "", `sha256:${"A".repeat(64)}`])
    for (const method of ["Info", "Read"])
      await expect(ask(method, asking(digest))).rejects.toMatchObject({ status: 5 });
  for (const store of ["local:b", "", "constructor"])
    await expect(ask("Info", asking(digestOf("x")), store)).rejects.toMatchObject({ status: 5 });
  await expect(ask("Write", writing(COMMIT, { data: "x" }))).rejects.toThrow("may not write");
  await expect(ask("Delete", asking(digestOf("x")))).rejects.toMatchObject({ status: 12 });
});
