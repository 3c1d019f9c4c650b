import { createServer, type Socket } from "node:net";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { BuildRequest } from "../../../src/engine/buildkit/build-request.ts";
import { build } from "../../../src/engine/buildkit/builder.ts";
import { bytesMessage, readBytesMessage } from "../../../src/engine/buildkit/bytes-message.ts";
import type { GrpcClient } from "../../../src/engine/buildkit/grpc-client.ts";
import { MessageWriter } from "../../../src/engine/buildkit/pb.ts";
import { fakeBuilder } from "./fake-builder.ts";
import { plainRequest } from "./rig.ts";

const SECRET = "/moby.buildkit.secrets.v1.Secrets/GetSecret";
const CHECK = "/moby.sshforward.v1.SSH/CheckAgent";
const FORWARD = "/moby.sshforward.v1.SSH/ForwardAgent";

/** The engine's end of the session of a build that goes on for the whole test. */
async function session(request: Partial<BuildRequest>): Promise<GrpcClient> {
  const builder = fakeBuilder({});
  const stop = new AbortController();
  const building = build(builder.hijack, plainRequest({ sources: {}, ...request }), {
    emit: () => undefined,
    signal: stop.signal,
  });
  const ended = building.catch(() => undefined);
  onTestFinished(async () => {
    stop.abort();
    await ended;
  });
  return builder.session;
}

async function ask(client: GrpcClient, method: string, id: string): Promise<Buffer> {
  const answers: Buffer[] = [];
  const request = new MessageWriter().text(1, id).finish();
  for await (const answer of client.call(method, request, new AbortController().signal)) answers.push(answer);
  return Buffer.concat(answers);
}

async function agentAt(answer: (socket: Socket) => void): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "dock-agent-"));
  const path = join(root, "agent.sock");
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(async () => {
    await new Promise((resolve) => server.close(resolve));
    await rm(root, { recursive: true, force: true });
  });
  return path;
}

test("a secret is read when it is asked for; an id that was not declared is not found", async () => {
  let reads = 0;
  const read = (): Promise<Buffer> => Promise.resolve(Buffer.from(`hush ${(reads += 1)}`));
  const client = await session({ secrets: { token: read, empty: () => Promise.resolve(Buffer.alloc(0)) } });
  expect(reads).toBe(0);
  expect(readBytesMessage(await ask(client, SECRET, "token")).toString()).toBe("hush 1");
  expect(readBytesMessage(await ask(client, SECRET, "token")).toString()).toBe("hush 2");
  expect(readBytesMessage(await ask(client, SECRET, "empty")).toString()).toBe("");
  for (const id of ["other", "GIT_AUTH_TOKEN", "constructor", ""])
    await expect(ask(client, SECRET, id)).rejects.toMatchObject({ status: 5 });
});

test("a build without secrets and agents serves none", async () => {
  const client = await session({});
  for (const method of [SECRET, CHECK, FORWARD])
    await expect(ask(client, method, "token")).rejects.toMatchObject({ status: 12 });
});

test("each call is a connection of its own to the agent of the declared id", async () => {
  const path = await agentAt((socket) => socket.on("data", (data) => socket.end(`heard ${data.toString()}`)));
  const client = await session({ ssh: { default: path } });
  for (const id of ["", "default"]) expect(await ask(client, CHECK, id)).toHaveLength(0);
  await expect(ask(client, CHECK, "deploy")).rejects.toMatchObject({ status: 5 });
  const answers: string[] = [];
  for await (const answer of client.call(FORWARD, bytesMessage(Buffer.from("hello")), new AbortController().signal))
    answers.push(readBytesMessage(answer).toString());
  expect(answers.join("")).toBe("heard hello");
});

test("an agent that is gone ends the call and not the build", async () => {
  const client = await session({ ssh: { default: join(tmpdir(), "no-agent-at-all.sock") } });
  await expect(ask(client, FORWARD, "hello")).rejects.toMatchObject({ status: 14 });
  expect(await ask(client, CHECK, "default")).toHaveLength(0);
});
