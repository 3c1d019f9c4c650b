import { afterEach, expect, test } from "vitest";
import { connectEngine } from "../../src/engine/connect.ts";
import type { LogOptions } from "../../src/engine/container-calls.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { EngineEvent } from "../../src/engine/event-calls.ts";
import { emptyBody } from "../../src/plan/container-body.ts";
import { deferred } from "../../src/std/deferred.ts";
import { FakeEngine } from "../support/fake-engine.ts";
import { FakeEngineProcess } from "../support/fake-engine-process.ts";
import { FaultProxy } from "../support/fault-proxy.ts";
import { RawServer } from "../support/raw-server.ts";

const signal = new AbortController().signal;
const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const resource of open.splice(0).reverse()) await resource[Symbol.asyncDispose]();
});

function own<T extends AsyncDisposable>(resource: T): T {
  open.push(resource);
  return resource;
}

function engineAt(host: string): Engine {
  return own(connectEngine({ host, env: {} }));
}

async function running(
  image: Parameters<FakeEngine["addImage"]>[0],
  tty = false,
): Promise<{ fake: FakeEngine; engine: Engine; id: string }> {
  const fake = own(await FakeEngine.start());
  fake.addImage({ tags: ["app:latest"], ...image });
  const engine = engineAt(fake.host);
  const id = await engine.createContainer({ name: "app", body: { ...emptyBody("app:latest"), Tty: tty } }, signal);
  await engine.startContainer(id, signal);
  return { fake, engine, id };
}

async function linesOf(engine: Engine, id: string, options: Partial<LogOptions>): Promise<string[]> {
  const lines: string[] = [];
  const all: LogOptions = { follow: false, timestamps: false, tty: false, ...options };
  for await (const { stream, text } of engine.containerLogs(id, all, signal)) lines.push(`${stream}: ${text}`);
  return lines;
}

test("output is read to its end, by its tail, with times, from a terminal, and while it grows", async () => {
  const { fake, engine, id } = await running({ behavior: { output: ["one", "two"] } });
  fake.print("app", "three", 2);
  expect(await linesOf(engine, id, {})).toEqual(["stdout: one", "stdout: two", "stderr: three"]);
  expect(await linesOf(engine, id, { tail: 1 })).toEqual(["stderr: three"]);
  expect(await linesOf(engine, id, { tail: 1, timestamps: true })).toEqual([
    expect.stringMatching(/^stderr: \d{4}-\d\d-\d\dT[\d:.]+Z three$/),
  ]);
  const followed = linesOf(engine, id, { follow: true, tail: 0 });
  await expect.poll(() => fake.requests.filter(({ path }) => path.endsWith("/logs"))).toHaveLength(4);
  fake.print("app", "four");
  fake.exit("app", 0);
  expect(await followed).toEqual(["stdout: four"]);
  const terminal = await running({ behavior: { output: ["plain"] } }, true);
  expect(await linesOf(terminal.engine, terminal.id, { tty: true })).toEqual(["stdout: plain"]);
});

test("a removal that is under way is waited for", async () => {
  const asked: string[] = [];
  const server = own(
    await RawServer.greeting((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      if (request.method === "DELETE")
        response.writeHead(409).end('{"message":"removal of container web is already in progress"}');
      else response.end('{"StatusCode":0}');
    }),
  );
  await engineAt(server.host).removeContainer("web", { volumes: false }, signal);
  expect(asked).toEqual([
    "DELETE /v1.51/containers/web?force=true&v=false",
    "POST /v1.51/containers/web/wait?condition=removed",
  ]);
});

test("any other conflict at a removal is an error", async () => {
  const server = own(await RawServer.greeting((_, response) => response.writeHead(409).end('{"message":"no"}')));
  await expect(engineAt(server.host).removeContainer("web", { volumes: false }, signal)).rejects.toMatchObject({
    status: 409,
  });
});

test("once the event stream is open nothing that happens is missed", async () => {
  const { fake, engine, id } = await running({ config: { Healthcheck: { Test: ["CMD", "x"] } } });
  const opened = deferred<void>();
  const seen = deferred<EngineEvent>();
  const stop = new AbortController();
  const listening = (async (): Promise<void> => {
    for await (const event of engine.events({ types: ["container"], labels: [], opened: opened.resolve }, stop.signal))
      seen.resolve(event);
  })();
  const ended = expect(listening).rejects.toThrow("enough");
  await opened.promise;
  fake.setHealth("app", "healthy", "fine");
  expect(await seen.promise).toMatchObject({ type: "container", action: "health_status: healthy", id });
  expect((await engine.inspectContainer(id, signal)).health).toEqual({ status: "healthy", lastOutput: "fine" });
  stop.abort(new Error("enough"));
  await ended;
});

test("the end of a process's input reaches it through a proxy, and its output comes back whole", async () => {
  const { fake, id } = await running({});
  const proxy = own(await FaultProxy.start({ upstream: fake.socketPath }));
  const engine = engineAt(proxy.host);
  const exec = await engine.execCreate(id, { command: ["cat"], tty: true, stdin: true }, signal);
  const socket = await engine.execStart(exec, { tty: true }, signal);
  const input = "line\n".repeat(100_000);
  socket.end(input);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).toString("utf8") === input).toBe(true);
  expect(await engine.execInspect(exec, signal)).toEqual({ running: false, exitCode: 0 });
});

test("an engine in a process of its own serves, and breaks off when it is killed", async () => {
  const fake = own(await FakeEngineProcess.start({ apiVersion: "1.41" }));
  await fake.addImage({ tags: ["app:latest"] });
  const engine = engineAt(fake.host);
  expect((await engine.info(signal)).apiVersion).toBe("1.41");
  const id = await engine.createContainer({ name: "app", body: emptyBody("app:latest") }, signal);
  await engine.startContainer(id, signal);
  const exit = expect(engine.waitContainer(id, "not-running", signal)).rejects.toMatchObject({ code: "engine-broken" });
  await expect.poll(async () => (await fake.requests()).some(({ path }) => path.endsWith("/wait"))).toBe(true);
  await fake.kill();
  await exit;
  await expect(engine.listImages(signal)).rejects.toMatchObject({ code: "engine-unreachable" });
});

test("a policy of always starts a process again that has ended, and a stop ends that", async () => {
  const fake = own(await FakeEngine.start());
  fake.addImage({ tags: ["app:latest"], behavior: { exits: { code: 1 } } });
  const engine = engineAt(fake.host);
  const hostConfig = { ...emptyBody("app:latest").HostConfig, RestartPolicy: { Name: "always", MaximumRetryCount: 0 } };
  const id = await engine.createContainer(
    { name: "app", body: { ...emptyBody("app:latest"), HostConfig: hostConfig } },
    signal,
  );
  await engine.startContainer(id, signal);
  await expect.poll(async () => (await engine.inspectContainer(id, signal)).restartCount).toBeGreaterThan(0);
  await engine.stopContainer(id, 0, signal);
  const [listed] = await engine.listContainers({ names: ["app"] }, signal);
  expect(listed).toMatchObject({ state: "exited", exitCode: 1 });
});

test("engines before API 1.44 may hold two networks of one name, which cannot be told apart by it", async () => {
  const fake = own(await FakeEngine.start({ apiVersion: "1.41", ambiguousNetworks: true }));
  const engine = engineAt(fake.host);
  const first = await engine.createNetwork({ name: "net", labels: {} }, signal);
  const second = await engine.createNetwork({ name: "net", labels: {} }, signal);
  expect((await engine.listNetworks({ names: ["net"] }, signal)).map(({ id }) => id)).toEqual([first, second]);
  await expect(engine.removeNetwork("net", signal)).rejects.toMatchObject({
    message: expect.stringContaining("ambiguous"),
  });
  await engine.removeNetwork(second, signal);
  await engine.removeNetwork("net", signal);
});
