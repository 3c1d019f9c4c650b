import { Readable } from "node:stream";
import type { IncomingHttpHeaders, RequestListener } from "node:http";
import { afterEach, expect, test } from "vitest";
import { connectEngine } from "../../src/engine/connect.ts";
import type { Deadlines } from "../../src/engine/call.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { observe } from "../../src/engine/observe.ts";
import { DockError } from "../../src/error.ts";
import { emptyBody } from "../../src/plan/container-body.ts";
import { FakeEngine } from "../support/fake-engine.ts";
import { type Fault, FAULTS, FaultProxy, type FaultProxyOptions } from "../support/fault-proxy.ts";
import { RawServer } from "../support/raw-server.ts";

/** Short enough for a test, long enough for a loaded machine to answer within. */
const QUICK: Deadlines = { answer: 400, change: 400, createContainer: 400, stopGrace: 400, idle: 400 };
const IMAGE = "app:latest";
const never = new AbortController().signal;

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const resource of open.splice(0).reverse()) await resource[Symbol.asyncDispose]();
});

function own<T extends AsyncDisposable>(resource: T): T {
  open.push(resource);
  return resource;
}

async function startFake(): Promise<FakeEngine> {
  const fake = await FakeEngine.start();
  fake.addImage({ tags: [IMAGE] });
  fake.registry.set("new:latest", {});
  return fake;
}

async function fakeEngine(): Promise<FakeEngine> {
  return own(await startFake());
}

function engineAt(host: string, deadlines: Partial<Deadlines> = {}): Engine {
  return own(connectEngine({ host, env: {} }, deadlines));
}

async function failureOf(work: Promise<unknown>): Promise<DockError> {
  const error = await work.then(
    (value) => new Error(`no failure but ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof DockError)) throw error;
  return error;
}

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}

/** Every kind of call once, against a running container. */
const CALLS: Readonly<Record<string, (engine: Engine, container: string) => Promise<unknown>>> = {
  info: (engine) => engine.info(never),
  listContainers: (engine) => engine.listContainers({}, never),
  inspectContainer: (engine, id) => engine.inspectContainer(id, never),
  createContainer: (engine) => engine.createContainer({ name: "another", body: emptyBody(IMAGE) }, never),
  listNetworks: (engine) => engine.listNetworks({}, never),
  createNetwork: (engine) => engine.createNetwork({ name: "net", labels: {} }, never),
  listVolumes: (engine) => engine.listVolumes({}, never),
  createVolume: (engine) => engine.createVolume({ name: "vol", labels: {} }, never),
  listImages: (engine) => engine.listImages(never),
  inspectImage: (engine) => engine.inspectImage(IMAGE, never),
  imageHistory: (engine) => engine.imageHistory(IMAGE, never),
  pullImage: (engine) => engine.pullImage("new:latest", { onProgress: () => {} }, never),
  containerLogs: (engine, id) =>
    drain(engine.containerLogs(id, { follow: false, timestamps: false, tty: false }, never)),
  execCreate: (engine, id) => engine.execCreate(id, { command: ["true"], tty: false, stdin: false }, never),
};

/** What comes of a call whose connection meets a fault. */
async function outcomeOf(call: (typeof CALLS)[string], fault: Fault): Promise<unknown> {
  await using fake = await startFake();
  await using direct = connectEngine({ host: fake.host, env: {} });
  const id = await direct.createContainer({ name: "app", body: emptyBody(IMAGE) }, never);
  await direct.startContainer(id, never);
  fake.print("app", "a line");
  // The ping comes first and is not what this is about.
  const counts: FaultProxyOptions["counts"] = ({ path }) => path !== "/_ping";
  await using proxy = await FaultProxy.start({ upstream: fake.socketPath, fault, at: 1, counts });
  await using engine = connectEngine({ host: proxy.host, env: {} }, QUICK);
  const outcome = await call(engine, id).catch((error: unknown) => error);
  if (!proxy.fired) throw new Error("the fault was not reached");
  return outcome;
}

test.each(FAULTS)(
  "every kind of call settles with an error of the engine when its connection meets %s",
  async (fault) => {
    const outcomes = await Promise.all(Object.values(CALLS).map((call) => outcomeOf(call, fault)));
    const shown = outcomes.map((outcome) =>
      outcome instanceof DockError ? outcome.message.slice(0, 10) : String(outcome),
    );
    expect(shown).toEqual(shown.map(() => "the engine"));
    expect(
      outcomes.every((outcome) => outcome instanceof DockError && /^engine-(broken|refused)$/.test(outcome.code)),
    ).toBe(true);
  },
);

const SCOPE = {
  project: "shop",
  builds: true,
  wantedNames: { containers: ["shop-web-1"], networks: ["shop_default"], volumes: ["shop_data"] },
};
/** A ping, five lists and, because nothing is there yet, three more by name. */
const REQUESTS = 9;

async function observeThrough(
  fault: Fault,
  at: number,
): Promise<{ readonly fired: boolean; readonly outcome: unknown }> {
  await using fake = await startFake();
  await using proxy = await FaultProxy.start({ upstream: fake.socketPath, fault, at });
  await using engine = connectEngine({ host: proxy.host, env: {} }, fault === "stall" && at <= REQUESTS ? QUICK : {});
  const outcome = await observe(engine, SCOPE, never).catch((error: unknown) => error);
  return { fired: proxy.fired, outcome };
}

test.each(FAULTS)(
  "observing settles with an error when %s strikes at any of its requests, and only then",
  async (fault) => {
    const positions = Array.from({ length: REQUESTS + 1 }, (_, index) => index + 1);
    const results = await Promise.all(positions.map((at) => observeThrough(fault, at)));
    expect(results.map(({ fired }) => fired)).toEqual(positions.map((at) => at <= REQUESTS));
    const failed = results.map(({ outcome }) => outcome instanceof DockError);
    // Half of a ping's "OK" is as good as the whole: its headers say it all.
    expect(failed).toEqual(positions.map((at) => at <= REQUESTS && !(fault === "truncate" && at === 1)));
  },
);

const html = "<html><body>Bad Gateway</body></html>";
const broken: Readonly<Record<string, RequestListener>> = {
  "an empty answer": (_, response) => response.end(),
  "HTML instead of JSON": (_, response) => response.end(html),
  "an object instead of a list": (_, response) => response.end("{}"),
  "a list of other things": (_, response) => response.end("[1]"),
  "entries without what they need": (_, response) => response.end('[{"Id":"x"}]'),
  "a 502 of a proxy": (_, response) => response.writeHead(502).end(html),
  "a 500 without a body": (_, response) => response.writeHead(500).end(),
  "less than the promised length": (_, response) => {
    response.writeHead(200, { "Content-Length": "100" }).write("[");
    response.once("error", () => {});
    setImmediate(() => response.destroy());
  },
  "a broken chunk": (request, response) => {
    response.socket?.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
    request.socket.end();
  },
  "no HTTP at all": (request) => request.socket.end("hello\r\n\r\n"),
  "a connection that closes at once": (request) => void request.socket.destroy(),
  "a head and then silence": (_, response) => response.writeHead(200).flushHeaders(),
  "half a body and then silence": (_, response) => void response.writeHead(200, { "Content-Length": "100" }).write("["),
  "no answer at all": () => {},
  "a protocol that nobody asked for": (request) =>
    void request.socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"),
  "a redirection to nowhere": (_, response) => response.writeHead(301, { Location: "http://127.0.0.1:1/" }).end(),
};

test.each(Object.entries(broken))(
  "a list that is answered with %s is an error, never an empty list",
  async (_, listener) => {
    const server = own(await RawServer.greeting(listener));
    const failure = await failureOf(engineAt(server.host, QUICK).listContainers({}, never));
    expect(failure.code).toBe("engine-broken");
    expect(failure.message).toContain("list containers");
  },
);

test("a refusal carries the engine's own words, its status and a hint where there is one", async () => {
  const message = "Bind for 127.0.0.1:80 failed: port is already allocated.";
  const server = own(
    await RawServer.greeting((_, response) => response.writeHead(500).end(JSON.stringify({ message }))),
  );
  const failure = await failureOf(engineAt(server.host).startContainer("web", never));
  expect(failure).toMatchObject({
    code: "engine-refused",
    status: 500,
    message: 'the engine could not start container "web": Bind for 127.0.0.1:80 failed: port is already allocated',
    hint: "something else uses that port: free it or publish another one",
  });
});

test("aborting ends a call with the signal's reason and closes its connection", async () => {
  const server = own(await RawServer.greeting((_, response) => response.writeHead(200).flushHeaders()));
  const engine = engineAt(server.host);
  const stop = new AbortController();
  const reason = new DockError("interrupted", "interrupted by SIGINT");
  const lists = [
    engine.listImages(stop.signal),
    drain(engine.events({ types: [], labels: [] }, stop.signal)),
    engine.waitContainer("x", "removed", stop.signal),
  ];
  const outcomes = Promise.allSettled(lists);
  await expect.poll(() => server.connections).toBe(3);
  stop.abort(reason);
  expect(await outcomes).toEqual(lists.map(() => ({ status: "rejected", reason })));
  await expect.poll(() => server.connections).toBe(0);
  await expect(engine.listImages(stop.signal)).rejects.toBe(reason);
});

test("the ping of one caller that gives up does not fail the others", async () => {
  const fake = await fakeEngine();
  const engine = engineAt(fake.host);
  const stop = new AbortController();
  const first = engine.listImages(stop.signal);
  const second = engine.listImages(never);
  stop.abort(new Error("given up"));
  await expect(first).rejects.toThrow("given up");
  expect(await second).toHaveLength(1);
});

test("a hundred calls at once under one signal warn about no leak", async () => {
  const warnings: Error[] = [];
  const listen = (warning: Error): void => void warnings.push(warning);
  process.on("warning", listen);
  const fake = await fakeEngine();
  const engine = engineAt(fake.host);
  const stop = new AbortController();
  await Promise.all(Array.from({ length: 100 }, () => engine.listImages(stop.signal)));
  await new Promise(setImmediate);
  process.off("warning", listen);
  expect(warnings).toEqual([]);
});

test("closing the engine breaks off what is under way", async () => {
  const fake = await fakeEngine();
  const engine = engineAt(fake.host);
  const events = drain(engine.events({ types: [], labels: [] }, never));
  await expect.poll(() => fake.requests.some(({ path }) => path === "/events")).toBe(true);
  await engine.close();
  await expect(events).rejects.toThrow("closed");
});

test("an engine that dies while output is followed ends the lines with an error", async () => {
  const fake = await fakeEngine();
  const engine = engineAt(fake.host);
  const id = await engine.createContainer({ name: "app", body: emptyBody(IMAGE) }, never);
  await engine.startContainer(id, never);
  fake.print("app", "first");
  const lines = engine
    .containerLogs(id, { follow: true, timestamps: false, tty: false }, never)
    [Symbol.asyncIterator]();
  expect(await lines.next()).toEqual({ done: false, value: { stream: "stdout", text: "first" } });
  fake.dropConnections();
  expect((await failureOf(lines.next())).code).toBe("engine-broken");
});

test("a connection that may not change its protocol is a refusal with its status", async () => {
  const fake = await fakeEngine();
  const failure = await failureOf(engineAt(fake.host).hijack("/session", { Upgrade: "h2c" }, never));
  expect(failure).toMatchObject({ code: "engine-refused", status: 404 });
});

test("a connection of one's own is destroyed when the signal aborts", async () => {
  const fake = await fakeEngine();
  const engine = engineAt(fake.host);
  const id = await engine.createContainer({ name: "app", body: emptyBody(IMAGE) }, never);
  await engine.startContainer(id, never);
  const exec = await engine.execCreate(id, { command: ["cat"], tty: false, stdin: true }, never);
  const stop = new AbortController();
  const proxy = own(
    await FaultProxy.start({
      upstream: fake.socketPath,
      fault: "stall",
      at: 1,
      counts: ({ path }) => path.endsWith("/start"),
    }),
  );
  const failure = await failureOf(engineAt(proxy.host, { change: 200 }).execStart(exec, { tty: false }, never));
  expect(failure.message).toContain("silent");
  const socket = await engine.execStart(exec, { tty: false }, stop.signal);
  stop.abort(new Error("enough"));
  await expect.poll(() => socket.destroyed).toBe(true);
});

test("an upload that fails fails the call, and a refused one is let go", async () => {
  const fake = await fakeEngine();
  const engine = engineAt(fake.host);
  const id = await engine.createContainer({ name: "app", body: emptyBody(IMAGE) }, never);
  const failing = new Readable({ read() {} });
  const put = engine.putArchive(id, { path: "/tmp", tar: failing, copyUidGid: false }, never);
  setImmediate(() => failing.destroy(new Error("disk gone")));
  const failure = await failureOf(put);
  expect(failure).toMatchObject({ code: "engine-broken", cause: expect.objectContaining({ message: "disk gone" }) });
  const endless = new Readable({ read() {} });
  endless.push("the first of many bytes");
  await failureOf(engine.putArchive("nobody", { path: "/tmp", tar: endless, copyUidGid: false }, never));
  expect(endless.destroyed).toBe(true);
});

test("a connection that changes its protocol is asked for without a body that could end up in it", async () => {
  const seen: IncomingHttpHeaders[] = [];
  const server = own(
    await RawServer.greeting((request, response) => {
      seen.push(request.headers);
      response.writeHead(404).end('{"message":"page not found"}');
    }),
  );
  const headers = { Upgrade: "h2c", "X-Docker-Expose-Session-Grpc-Method": ["/a.B/C", "/a.B/D"] };
  await failureOf(engineAt(server.host).hijack("/session", headers, never));
  expect(seen).toEqual([
    expect.objectContaining({
      connection: "Upgrade",
      upgrade: "h2c",
      "content-length": "0",
      "x-docker-expose-session-grpc-method": "/a.B/C, /a.B/D",
    }),
  ]);
  expect(seen[0]).not.toHaveProperty("transfer-encoding");
});
