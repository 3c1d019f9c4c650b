import { once } from "node:events";
import { expect, test } from "vitest";
import { DockError } from "../../../src/error.ts";
import type { BuildEvent } from "../../../src/engine/buildkit/build-event.ts";
import type { BuildRequest } from "../../../src/engine/buildkit/build-request.ts";
import { build, type Hijack } from "../../../src/engine/buildkit/builder.ts";
import { GrpcError } from "../../../src/engine/buildkit/grpc-wire.ts";
import { MessageWriter } from "../../../src/engine/buildkit/pb.ts";
import type { LocalSource } from "../../../src/engine/buildkit/source.ts";
import { systemClock, type Clock } from "../../../src/std/clock.ts";
import { fakeBuilder, hang, IMAGE_ID, succeed, tell, type FakeBuilder } from "./fake-builder.ts";
import { plainRequest } from "./rig.ts";
import { socketPair } from "./socket-pair.ts";

/** A clock on which a minute is three quarters of a second: a busy machine still has its turns. */
const fast: Clock = {
  now: () => systemClock.now(),
  sleep: (milliseconds, signal) => systemClock.sleep(milliseconds / 80, signal),
};

const START = 1_763_881_200_000;
const never = new AbortController().signal;

interface Options {
  readonly request?: Partial<BuildRequest>;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly emit?: (event: BuildEvent) => void;
}

function run(
  hijack: Hijack,
  { request = {}, signal = never, clock = systemClock, emit = () => undefined }: Options = {},
) {
  return build(hijack, plainRequest({ sources: {}, ...request }), { emit, signal, clock });
}

/** All of the engine's sockets see their end. */
async function disconnected(builder: FakeBuilder): Promise<void> {
  for (const socket of builder.sockets) if (!socket.closed) await once(socket, "close");
}

async function unary(builder: FakeBuilder, method: string, request: Uint8Array = Buffer.alloc(0)): Promise<Buffer[]> {
  const answers: Buffer[] = [];
  for await (const answer of (await builder.session).call(method, request, never)) answers.push(answer);
  return answers;
}

test("a build gives the image's id, tells its progress and leaves no connection", async () => {
  const events: BuildEvent[] = [];
  const builder = fakeBuilder({
    solve: async (self, call) => {
      await self.status;
      await succeed(call);
    },
    status: (_, call) => tell(call, { vertexes: [{ digest: "a", name: "A", started: START, completed: START + 5 }] }),
  });
  expect(await run(builder.hijack, { emit: (event) => events.push(event) })).toEqual({ imageId: IMAGE_ID });
  expect(events).toMatchObject([{ state: "started" }, { state: "done", durationMs: 5 }, { type: "over" }]);
  await disconnected(builder);
  expect(builder.dialed.get("/session")).toMatchObject({
    Upgrade: "h2c",
    "X-Docker-Expose-Session-Sharedkey": "dock-bk-test",
    "X-Docker-Expose-Session-Grpc-Method": [
      "/grpc.health.v1.Health/Check",
      "/moby.filesync.v1.FileSync/DiffCopy",
      "/moby.filesync.v1.Auth/Credentials",
    ],
  });
  expect(builder.dialed.has("/grpc")).toBe(true);
});

test("while it builds it is healthy, answers for registries, and has no secrets", async () => {
  const builder = fakeBuilder({});
  const stop = new AbortController();
  const hosts: string[] = [];
  const building = run(builder.hijack, {
    signal: stop.signal,
    clock: fast,
    request: {
      credentials: (host) => {
        hosts.push(host);
        return Promise.resolve({ username: "u", password: "p", serverAddress: host });
      },
    },
  });
  expect(await unary(builder, "/grpc.health.v1.Health/Check")).toEqual([Buffer.from([8, 1])]);
  await unary(builder, "/moby.filesync.v1.Auth/Credentials", new MessageWriter().text(1, "r.test").finish());
  expect(hosts).toEqual(["r.test"]);
  for (const method of ["/moby.buildkit.secrets.v1.Secrets/GetSecret", "/moby.filesync.v1.Auth/FetchToken"]) {
    await expect(unary(builder, method)).rejects.toMatchObject({ status: 12 });
  }
  stop.abort(new Error("enough"));
  await expect(building).rejects.toThrow("enough");
});

test("the failed step's output is waited for", async () => {
  const builder = fakeBuilder({
    solve: () => Promise.reject(new GrpcError(2, "process did not complete: exit code: 4")),
    status: async (self, call) => {
      await self.solve;
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      const vertex = {
        digest: "a",
        name: "[1/1] RUN make",
        started: START,
        completed: START + 5,
        error: "exit code: 4",
      };
      await tell(call, { vertexes: [vertex], logs: [{ vertex: "a", stream: 2, text: "no rule\n" }] });
    },
  });
  await expect(run(builder.hijack)).rejects.toMatchObject({
    name: "BuildFailure",
    code: "build-failed",
    message: "step [1/1] RUN make failed with exit code 4",
    facts: { lastLines: ["no rule"] },
  });
  await disconnected(builder);
});

test("progress that can't be told doesn't fail a build, and is no sign of its end", async () => {
  const events: BuildEvent[] = [];
  const builder = fakeBuilder({
    solve: async (self, call) => {
      await self.status;
      await succeed(call);
    },
    status: () => Promise.reject(new GrpcError(2, "no such job")),
  });
  expect(await run(builder.hijack, { emit: (event) => events.push(event) })).toEqual({ imageId: IMAGE_ID });
  expect(events).toEqual([]);
});

test("progress that never ends holds a finished build up only for a while", async () => {
  const builder = fakeBuilder({ solve: (_, call) => succeed(call) });
  expect(await run(builder.hijack, { clock: fast })).toEqual({ imageId: IMAGE_ID });
});

test("an abort resets the solve and waits until the engine has ended the build", async () => {
  const stop = new AbortController();
  let reset = false;
  const builder = fakeBuilder({
    solve: async (_, call) => {
      await hang(call);
      reset = true;
    },
    status: async (self, call) => {
      await tell(call, { vertexes: [{ digest: "a", name: "A", started: START }] });
      await hang(await self.solve);
      await tell(call, {
        vertexes: [{ digest: "a", name: "A", started: START, completed: START + 1, error: "context canceled" }],
      });
    },
  });
  const states: string[] = [];
  const emit = (event: BuildEvent): void => {
    if (event.type === "step") states.push(event.state);
    if (states.length === 1) stop.abort(new DockError("interrupted", "interrupted"));
  };
  await expect(run(builder.hijack, { signal: stop.signal, emit })).rejects.toMatchObject({ code: "interrupted" });
  expect(reset).toBe(true);
  expect(states).toEqual(["started", "canceled"]);
  await disconnected(builder);
});

test("an abort before anything was dialed dials nothing more", async () => {
  const builder = fakeBuilder({});
  await expect(run(builder.hijack, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  expect(builder.dialed.has("/grpc")).toBe(false);
});

test.each([
  ["the control connection", 1],
  ["the session", 0],
])("%s breaking in the middle is no success and no hang", async (_, index) => {
  const builder = fakeBuilder({ status: (_self, call) => hang(call) });
  const building = run(builder.hijack, { clock: fast });
  const caught = building.catch((error: unknown) => error);
  await builder.solve;
  builder.sockets[index]?.destroy();
  expect(await caught).toMatchObject({ code: "engine-broken" });
  await disconnected(builder);
});

test("an engine that reads but never answers is given up", async () => {
  const dead: Hijack = async () => {
    const [near, far] = await socketPair();
    far.resume();
    return near;
  };
  await expect(run(dead, { clock: fast })).rejects.toMatchObject({
    code: "engine-broken",
    message: "the engine has not answered for 20 seconds",
  });
});

test("an engine that answers but shows nothing of the build is given up", async () => {
  const builder = fakeBuilder({});
  await expect(run(builder.hijack, { clock: fast })).rejects.toMatchObject({
    code: "engine-broken",
    message: "the engine has shown no sign of the build for 60 seconds",
  });
  await disconnected(builder);
});

test("a build may be silent for long once it has begun", async () => {
  let finish!: () => void;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const slept: number[] = [];
  const clock: Clock = {
    now: () => systemClock.now(),
    sleep: (milliseconds, signal) => {
      slept.push(milliseconds);
      if (slept.filter((sleep) => sleep === 10_000).length > 20) finish();
      // Only what comes between two checks is shortened: an answer may take its time on a busy machine.
      return systemClock.sleep(milliseconds === 10_000 ? 1 : milliseconds, signal);
    },
  };
  const builder = fakeBuilder({
    solve: async (_, call) => {
      await finished;
      await succeed(call);
    },
    status: async (self, call) => {
      await tell(call, { vertexes: [{ digest: "a", name: "A", started: START }] });
      await hang(await self.solve);
    },
  });
  expect(await run(builder.hijack, { clock })).toEqual({ imageId: IMAGE_ID });
});

test("a dial that never answers is given up, and closed when it comes late", async () => {
  const [near, far] = await socketPair();
  let answer!: () => void;
  const hijack: Hijack = () =>
    new Promise((resolve) => {
      answer = () => resolve(near);
    });
  await expect(run(hijack, { clock: fast })).rejects.toMatchObject({
    code: "engine-broken",
    message: "the engine has not answered POST /session for 20 seconds",
  });
  const closed = once(far.resume(), "close");
  answer();
  await closed;
});

test.each([
  [404, "not-supported"],
  [403, "not-supported"],
  [500, "engine-refused"],
])("an engine that answers %d instead of switching is %s, and the session is closed", async (status, code) => {
  const builder = fakeBuilder({});
  const hijack: Hijack = (path, headers, signal) =>
    path === "/grpc"
      ? Promise.reject(new DockError("engine-refused", "it answered no", { status }))
      : builder.hijack(path, headers, signal);
  await expect(run(hijack)).rejects.toMatchObject({ code, status, message: expect.stringContaining("it answered no") });
  await disconnected(builder);
});

test("a connection whose opening can be given up isn't dropped by an abort later on", async () => {
  const stop = new AbortController();
  const builder = fakeBuilder({
    status: async (self, call) => {
      await tell(call, { vertexes: [{ digest: "a", name: "A", started: START }] });
      await hang(await self.solve);
      await tell(call, { vertexes: [{ digest: "a", name: "A", started: START, completed: START + 1 }] });
    },
  });
  const hijack: Hijack = async (path, headers, signal) => {
    const socket = await builder.hijack(path, headers, signal);
    signal.addEventListener("abort", () => socket.destroy());
    return socket;
  };
  const states: string[] = [];
  const emit = (event: BuildEvent): void => {
    if (event.type === "step") states.push(event.state);
    stop.abort(new Error("enough"));
  };
  await expect(run(hijack, { signal: stop.signal, emit })).rejects.toThrow("enough");
  expect(states).toEqual(["started", "done"]);
});

test.each([
  [1, "context canceled", "engine-broken"],
  [14, "transport is closing", "engine-broken"],
  [12, "unknown service", "not-supported"],
  [5, "docker.io/library/nothing: not found", "build-failed"],
])("a solve that ends with status %d is %s: %s", async (status, message, code) => {
  const builder = fakeBuilder({
    solve: () => Promise.reject(new GrpcError(status, message)),
    status: () => Promise.resolve(),
  });
  await expect(run(builder.hijack)).rejects.toMatchObject({ code });
});

test("a success without an image's id is none", async () => {
  const builder = fakeBuilder({ solve: () => Promise.resolve(), status: () => Promise.resolve() });
  await expect(run(builder.hijack)).rejects.toMatchObject({ code: "engine-broken" });
});

function failing(error: unknown): LocalSource {
  return {
    // oxlint-disable-next-line require-yield -- it fails before its first entry
    entries: async function* () {
      await Promise.resolve();
      throw error;
    },
    read: () => {
      throw new Error("not reached");
    },
  };
}

test.each([
  ["the user's own mistake", new DockError("not-found", "no such context"), { code: "not-found" }],
  [
    "a file that can't be read",
    Object.assign(new Error("EACCES: permission denied, open 'a'"), { syscall: "open" }),
    { code: "operation-failed", message: "could not read what the build needs: EACCES: permission denied, open 'a'" },
  ],
  ["a defect", new TypeError("oops"), { name: "TypeError", message: "oops" }],
])("%s in a source ends the build as what it is", async (_, error, expected) => {
  const builder = fakeBuilder({ status: (self, call) => self.solve.then(() => hang(call)) });
  const building: Promise<unknown> = run(builder.hijack, {
    request: { sources: { context: failing(error) } },
    clock: fast,
  }).catch((caught: unknown) => caught);
  const session = await builder.session;
  const transfer = session.connection.request({
    ":method": "POST",
    ":path": "/moby.filesync.v1.FileSync/DiffCopy",
    "dir-name": "context",
  });
  transfer.on("error", () => undefined);
  transfer.resume();
  expect(await building).toMatchObject(expected);
  await disconnected(builder);
});

test("host-gateway is replaced by the engine's own address, and refused where the engine tells none", async () => {
  const extraHosts = [
    { host: "a", address: "10.0.0.1" },
    { host: "h", address: "host-gateway" },
  ];
  const label = ["org.mobyproject.buildkit.worker.moby.host-gateway-ip", "172.17.0.1"] as const;
  let asked = "";
  const builder = fakeBuilder({
    workerLabels: [label],
    solve: async (_, call) => {
      for await (const request of call.messages) asked = request.toString("latin1");
      await succeed(call);
    },
    status: () => Promise.resolve(),
  });
  expect(await run(builder.hijack, { request: { extraHosts } })).toEqual({ imageId: IMAGE_ID });
  expect(asked).toContain("a=10.0.0.1,h=172.17.0.1");
  await expect(run(fakeBuilder({}).hijack, { request: { extraHosts } })).rejects.toMatchObject({
    code: "not-supported",
  });
});
