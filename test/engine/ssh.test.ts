import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ContainerBody } from "../../src/plan/container-body.ts";
import { connectEngine } from "../../src/engine/connect.ts";
import { sshArguments } from "../../src/engine/ssh-connection.ts";
import { FakeEngine } from "../support/fake-engine.ts";
import { SshStandIn } from "../support/ssh-stand-in.ts";

const never = new AbortController().signal;
const env = { HOME: "/nowhere", DOCKER_HOST: "ssh://me@box:2222" };

let directory: string;
let fake: FakeEngine;
let ssh: SshStandIn;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "dock-ssh-"));
  fake = await FakeEngine.start();
  ssh = await SshStandIn.make(directory, fake.socketPath);
  vi.stubEnv("PATH", `${directory}:${process.env["PATH"]}`);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await fake[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

async function failure(): Promise<unknown> {
  await using engine = connectEngine({ env });
  return await engine.listImages(never).catch((error: unknown) => error);
}

test("ssh is asked for one connection after the other, and for no password", async () => {
  expect(sshArguments({ kind: "ssh", host: "box", user: "me", port: 2222 }).join(" ")).toBe(
    "-o ConnectTimeout=20 -o BatchMode=yes -T -l me -p 2222 -- box docker system dial-stdio",
  );
  const elsewhere = sshArguments({ kind: "ssh", host: "box", socket: "/home/a b/docker.sock" });
  expect(elsewhere.slice(elsewhere.indexOf("docker"))).toEqual([
    "docker",
    "--host",
    "'unix:///home/a b/docker.sock'",
    "system",
    "dial-stdio",
  ]);
});

test("questions, changes and streams go through ssh", async () => {
  await using engine = connectEngine({ env });
  expect(await engine.greeting(never)).toMatchObject({ remote: true });
  expect(await engine.listNetworks({}, never)).toHaveLength(3);
  const id = await engine.createNetwork({ name: "net", labels: {} }, never);
  await engine.removeNetwork(id, never);
  fake.addImage({ tags: ["busybox:latest"] });
  const container = await engine.createContainer(
    { name: "idle", body: { Image: "busybox:latest", Cmd: ["sleep", "9"] } as unknown as ContainerBody },
    never,
  );
  await engine.startContainer(container, never);
  const exec = await engine.execCreate(container, { command: ["cat"], tty: true, stdin: true }, never);
  const stream = await engine.execStart(exec, { tty: true }, never);
  stream.destroy();
  const calls = await ssh.calls();
  expect(calls.length).toBeLessThanOrEqual(fake.requests.length);
  expect(new Set(calls)).toEqual(
    new Set([sshArguments({ kind: "ssh", host: "box", user: "me", port: 2222 }).join(" ")]),
  );
});

test("twelve requests at once all come through", async () => {
  await using engine = connectEngine({ env });
  await Promise.all(
    Array.from({ length: 12 }, async (_, index) => engine.createVolume({ name: `v${index}`, labels: {} }, never)),
  );
  expect(await engine.listVolumes({}, never)).toHaveLength(12);
});

test.each([
  ["me@box: Permission denied (publickey).", "ssh-add"],
  ["Warning: something\nHost key verification failed.", "compare the host's key"],
  ["ssh: connect to host box port 2222: Connection refused", "try it by hand: `ssh ssh://me@box:2222`"],
  ["sh: 1: docker: not found", "docker command must be installed there"],
])("what ssh says last is the error: %s", async (words, hint) => {
  await ssh.refuse(words);
  expect(await failure()).toMatchObject({
    code: "engine-unreachable",
    message: `the engine at ssh://me@box:2222 cannot be reached: ${words.split("\n").at(-1)}`,
    hint: expect.stringContaining(hint),
  });
});

test("an engine that is not running over there, and no ssh here, are told", async () => {
  await rm(fake.socketPath);
  expect(await failure()).toMatchObject({
    message: expect.stringContaining("error during connect: failed to dial unix"),
    hint: expect.stringContaining("docker version"),
  });
  vi.stubEnv("PATH", "/nowhere");
  expect(await failure()).toMatchObject({ message: expect.stringContaining("there is no ssh command here") });
});
