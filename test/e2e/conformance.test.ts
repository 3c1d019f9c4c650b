import { randomBytes } from "node:crypto";
import { type AddressInfo, createServer } from "node:net";
import { Readable } from "node:stream";
import { pack } from "tar-stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectEngine } from "../../src/engine/connect.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { EngineEvent } from "../../src/engine/event-calls.ts";
import { demultiplexed, outputLines } from "../../src/engine/streams.ts";
import { compareVersions } from "../../src/engine/version.ts";
import { DockError } from "../../src/error.ts";
import { type ContainerBody, emptyBody } from "../../src/plan/container-body.ts";
import { type Step, transcript } from "../support/engine-transcript.ts";
import { IMAGE, openFake, openReal, subjectsBeside, sweep } from "../support/engine-subjects.ts";

/** Every object's name begins so, and whatever does is removed at the end. */
const prefix = `docktest-${randomBytes(4).toString("hex")}`;
const signal = AbortSignal.timeout(170_000);

const real = connectEngine({ env: process.env });

/** A port that nothing listens on here just now. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

afterAll(async () => {
  await sweep(real, prefix);
  await real.close();
});

/** Steps whose answers are the same on any two engines of one kind; `n` is the beginning of all names. */
function refusals(n: string, version: string): readonly Step[] {
  const v = `/v${version}`;
  const create = (name: string, body: object = {}): Step => [
    "POST",
    `${v}/containers/create?name=${name}`,
    { Image: IMAGE, Cmd: ["sleep", "100"], ...body },
  ];
  const container = (name: string, verb: string): Step => ["POST", `${v}/containers/${n}-${name}/${verb}`];
  const remove = (path: string): Step => ["DELETE", `${v}${path}`];
  return [
    ["GET", `${v}/no/such/path`],
    ["GET", "/v1.99/containers/json"],
    create("x"),
    create(`${n}-a`, { Image: `${n}-none:latest` }),
    create(`${n}-a`),
    create(`${n}-a`),
    create(`${n}-b`, { HostConfig: { Mounts: [{ Type: "bind", Source: "/no/such/path", Target: "/v" }] } }),
    create(`${n}-b`, {
      HostConfig: {
        Mounts: [
          { Type: "volume", Target: "/v" },
          { Type: "tmpfs", Target: "/v" },
        ],
      },
    }),
    create(`${n}-b`, { HostConfig: { NetworkMode: `${n}-none` } }),
    container("b", "start"),
    container("a", "stop?t=0"),
    container("a", "kill"),
    container("a", "exec"),
    container("a", "start"),
    container("a", "start"),
    container("none", "start"),
    ["GET", `${v}/containers/${n}-none/json`],
    container("a", `rename?name=${n}-b`),
    container("a", "rename?name=x"),
    container("a", "unpause"),
    container("a", "pause"),
    container("a", "start"),
    container("a", "unpause"),
    remove(`/containers/${n}-a`),
    ["POST", `${v}/containers/${n}-a/update`, { RestartPolicy: { Name: "always" } }],
    container("a", "kill?signal=SIGNOPE"),
    container("a", "stop?t=0"),
    container("a", "stop?t=0"),
    container("none", "stop?t=0"),
    container("a", "kill"),
    ["POST", `${v}/containers/${n}-a/exec`, { Cmd: ["true"] }],
    container("a", "wait"),
    ["POST", `${v}/networks/create`, { Name: `${n}-n`, CheckDuplicate: true }],
    ["POST", `${v}/networks/create`, { Name: `${n}-n`, CheckDuplicate: true }],
    ["POST", `${v}/networks/${n}-n/connect`, { Container: `${n}-a` }],
    container("a", "start"),
    remove(`/networks/${n}-n`),
    remove(`/networks/${n}-none`),
    remove("/networks/bridge"),
    ["POST", `${v}/networks/${n}-n/disconnect`, { Container: `${n}-a` }],
    ["POST", `${v}/networks/${n}-n/disconnect`, { Container: `${n}-a` }],
    create(`${n}-c`, { Cmd: ["no-such-program"] }),
    container("c", "start"),
    create(`${n}-d`, {
      HostConfig: { NetworkMode: `${n}-n` },
      NetworkingConfig: { EndpointsConfig: { [`${n}-n`]: {}, bridge: {} } },
    }),
    create(`${n}-e`, { HostConfig: { Mounts: [{ Type: "volume", Source: `${n}-v`, Target: "/v" }] } }),
    remove(`/volumes/${n}-v`),
    remove(`/volumes/${n}-none`),
    ["POST", `${v}/volumes/create`, { Name: `${n}-v` }],
    ["POST", `${v}/volumes/create`, { Name: "-x" }],
    ["POST", `${v}/images/${IMAGE}/tag?repo=${n}-img&tag=a`],
    ["POST", `${v}/images/${n}-none/tag?repo=${n}-img&tag=a`],
    ["GET", `${v}/images/${n}-img:a/json`],
    ["GET", `${v}/images/${n}-img:b/history`],
    remove(`/images/${n}-img:a`),
    remove(`/images/${n}-img:a`),
    ["GET", `${v}/exec/none/json`],
    ["PUT", `${v}/containers/${n}-a/archive?path=/missing`],
    ...["a", "b", "c", "d", "e"].map((name) => remove(`/containers/${n}-${name}?force=1&v=1`)),
    remove(`/containers/${n}-a?force=1&v=1`),
    remove(`/networks/${n}-n`),
    remove(`/volumes/${n}-v`),
  ];
}

test("the fake refuses what the real engine refuses, with the same status", async () => {
  const { apiVersion } = await real.info(signal);
  const engine = await openReal(real);
  const fake = await openFake(apiVersion);
  try {
    const steps = refusals(`${prefix}-r`, apiVersion);
    const [actual, faked] = await Promise.all([
      transcript(engine.socketPath, steps),
      transcript(fake.socketPath, steps),
    ]);
    const withText = compareVersions(apiVersion, "1.47") >= 0;
    const shown = (outcomes: typeof actual): readonly string[] =>
      outcomes.map(({ step, status, message }) => `${step}: ${status} ${withText ? (message ?? "") : ""}`.trim());
    expect(shown(faked)).toEqual(shown(actual).map((line) => line.replace(/1\.\d+$/, apiVersion)));
  } finally {
    await fake.close();
  }
});

describe.each(subjectsBeside(real))("$name", ({ open }) => {
  let engine: Engine;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ engine, close } = await open());
  });
  afterAll(async () => {
    await sweep(engine, prefix);
    await close();
  });

  const label = `${prefix}.test`;
  const body = (over: Partial<ContainerBody> = {}): ContainerBody => ({
    ...emptyBody(IMAGE),
    Cmd: ["sleep", "1000"],
    Labels: { [label]: "yes" },
    ...over,
  });
  const named = (name: string): string => `${prefix}-${name}`;
  const create = (name: string, over: Partial<ContainerBody> = {}): Promise<string> =>
    engine.createContainer({ name: named(name), body: body(over) }, signal);

  test("lists a container by label and by its exact name, in every state of its life", async () => {
    const id = await create("life");
    await create("life-2");
    const only = async (): Promise<string[]> =>
      (await engine.listContainers({ names: [named("life")] }, signal)).map(({ state }) => state);
    expect(await only()).toEqual(["created"]);
    await engine.startContainer(id, signal);
    await engine.startContainer(id, signal);
    expect(await only()).toEqual(["running"]);
    await engine.stopContainer(id, 0, signal);
    await engine.stopContainer(id, 0, signal);
    const [stopped] = await engine.listContainers({ names: [named("life")] }, signal);
    expect(stopped).toMatchObject({ id, name: named("life"), state: "exited", exitCode: 137, imageRef: IMAGE });
    expect((await engine.listContainers({ labels: [`${label}=yes`] }, signal)).map(({ name }) => name)).toContain(
      named("life-2"),
    );
    expect(await engine.listContainers({ labels: [`${label}=no`] }, signal)).toEqual([]);
    await engine.removeContainer(id, { volumes: true }, signal);
    await engine.removeContainer(id, { volumes: true }, signal);
    await expect(engine.inspectContainer(id, signal)).rejects.toMatchObject({ status: 404, code: "engine-refused" });
  });

  test("tells a process's output, its exit code and when it ended", async () => {
    const id = await create("exits", { Cmd: ["sh", "-c", "echo out; echo err >&2; exit 3"] });
    const exit = engine.waitContainer(id, "next-exit", signal);
    await engine.startContainer(id, signal);
    expect(await exit).toEqual({ exitCode: 3 });
    const lines: string[] = [];
    for await (const { stream, text } of engine.containerLogs(
      id,
      { follow: true, timestamps: false, tty: false },
      signal,
    ))
      lines.push(`${stream} ${text}`);
    expect(lines.sort()).toEqual(["stderr err", "stdout out"]);
    const detail = await engine.inspectContainer(id, signal);
    expect(detail).toMatchObject({
      state: "exited",
      exitCode: 3,
      oomKilled: false,
      restartCount: 0,
      restart: { policy: "no", maxRetries: 0 },
    });
    expect((await engine.listContainers({ names: [named("exits")] }, signal))[0]?.exitCode).toBe(3);
  });

  test("runs a process in a container, with input, both outputs and an exit code", async () => {
    const id = await create("exec");
    await engine.startContainer(id, signal);
    const run = async (
      command: readonly string[],
      input?: string,
    ): Promise<{ readonly lines: string[]; readonly exitCode: number | undefined }> => {
      const exec = await engine.execCreate(id, { command, tty: false, stdin: input !== undefined }, signal);
      const socket = await engine.execStart(exec, { tty: false }, signal);
      if (input !== undefined) socket.end(input);
      const lines: string[] = [];
      for await (const { stream, text } of outputLines(demultiplexed(socket))) lines.push(`${stream} ${text}`);
      const { exitCode } = await engine.execInspect(exec, signal);
      return { lines: lines.sort(), exitCode };
    };
    expect(await run(["sh", "-c", "echo a; echo b >&2; exit 4"])).toEqual({
      lines: ["stderr b", "stdout a"],
      exitCode: 4,
    });
    expect(await run(["cat"], "given\n")).toEqual({ lines: ["stdout given"], exitCode: 0 });
  });

  test("takes an anonymous volume away with its container, and leaves a named one", async () => {
    const mounts = [
      { Type: "volume", Target: "/anonymous" },
      { Type: "volume", Source: named("kept"), Target: "/named" },
    ] as const;
    const id = await create("volumes", { HostConfig: { ...emptyBody(IMAGE).HostConfig, Mounts: mounts } });
    const { mounts: made } = await engine.inspectContainer(id, signal);
    const anonymous = made.find(({ target }) => target === "/anonymous");
    expect(made.find(({ target }) => target === "/named")).toMatchObject({ kind: "volume", source: named("kept") });
    await expect(engine.removeVolume(named("kept"), signal)).rejects.toMatchObject({ status: 409 });
    await engine.removeContainer(id, { volumes: true }, signal);
    const names = (await engine.listVolumes({}, signal)).map(({ name }) => name);
    expect(names).toContain(named("kept"));
    expect(names).not.toContain(anonymous?.source);
    expect(await engine.listVolumes({ names: [named("kep")] }, signal)).toEqual([]);
    await engine.removeVolume(named("kept"), signal);
    await engine.removeVolume(named("kept"), signal);
  });

  test("leaves a container created whose port is taken", async () => {
    const hostPort = await freePort();
    const ports = { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: `${hostPort}` }] };
    const hostConfig = { ...emptyBody(IMAGE).HostConfig, PortBindings: ports };
    const first = await create("port-1", { HostConfig: hostConfig, ExposedPorts: { "80/tcp": {} } });
    const second = await create("port-2", { HostConfig: hostConfig, ExposedPorts: { "80/tcp": {} } });
    await engine.startContainer(first, signal);
    const failure = await engine.startContainer(second, signal).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DockError);
    expect(failure).toMatchObject({ status: 500, message: expect.stringContaining("port is already allocated") });
    const listed = await engine.listContainers({ names: [named("port-1"), named("port-2")] }, signal);
    expect(Object.fromEntries(listed.map(({ name, state }) => [name, state]))).toEqual({
      [named("port-1")]: "running",
      [named("port-2")]: "created",
    });
    expect(listed.find(({ id }) => id === first)?.ports).toContainEqual({
      hostIp: "127.0.0.1",
      hostPort,
      containerPort: 80,
      protocol: "tcp",
    });
  });

  test("connects containers to networks, and keeps a network that is in use", async () => {
    const network = await engine.createNetwork({ name: named("net"), labels: { [label]: "yes" } }, signal);
    await expect(engine.createNetwork({ name: named("net"), labels: {} }, signal)).rejects.toMatchObject({
      status: 409,
    });
    const id = await create("member", {
      HostConfig: { ...emptyBody(IMAGE).HostConfig, NetworkMode: named("net") },
      NetworkingConfig: { EndpointsConfig: { [named("net")]: { Aliases: ["web"] } } },
    });
    await engine.startContainer(id, signal);
    expect((await engine.inspectContainer(id, signal)).networks).toEqual({ [named("net")]: network });
    expect(await engine.listNetworks({ labels: [label] }, signal)).toEqual([
      { id: network, name: named("net"), labels: { [label]: "yes" }, driver: "bridge" },
    ]);
    await expect(engine.removeNetwork(network, signal)).rejects.toMatchObject({ status: 403 });
    await engine.disconnectNetwork(network, id, signal);
    await engine.removeNetwork(network, signal);
    await engine.removeNetwork(network, signal);
  });

  test("tells of health, at the list and the inspection", async () => {
    const id = await create("health", { Healthcheck: { Test: ["CMD", "true"], Interval: 3_600_000_000_000 } });
    await engine.startContainer(id, signal);
    expect((await engine.listContainers({ names: [named("health")] }, signal))[0]).toMatchObject({
      state: "running",
      health: "starting",
    });
    expect((await engine.inspectContainer(id, signal)).health).toEqual({ status: "starting", lastOutput: "" });
  });

  test("tells of events as they happen", async () => {
    const id = await create("events");
    const stop = new AbortController();
    const seen: EngineEvent[] = [];
    const listening = (async (): Promise<void> => {
      for await (const event of engine.events({ types: ["container"], labels: [label] }, stop.signal)) {
        seen.push(event);
        if (event.id === id && event.action === "die") return;
      }
    })();
    // The stream says nothing when it opens, so something has to happen until it is seen.
    while (seen.length === 0) {
      await engine.restartContainer(id, 0, signal);
      await engine.stopContainer(id, 0, signal);
    }
    await listening;
    stop.abort();
    expect(seen.at(-1)).toMatchObject({
      type: "container",
      action: "die",
      id,
      attributes: { name: named("events"), [label]: "yes" },
    });
  });

  test("tags, inspects and untags an image", async () => {
    const ref = `${named("img")}:in-1`;
    await engine.tagImage(IMAGE, ref, signal);
    const detail = await engine.inspectImage(ref, signal);
    expect(detail?.tags).toContain(ref);
    expect(detail?.lastTagged).toBeGreaterThan(Date.now() / 1000 - 120);
    expect(detail?.platform).toMatch(/^linux\//);
    expect((await engine.listImages(signal)).find(({ id }) => id === detail?.id)?.tags).toContain(ref);
    expect((await engine.imageHistory(ref, signal)).length).toBeGreaterThan(0);
    await engine.removeImage(ref, signal);
    await engine.removeImage(ref, signal);
    expect(await engine.inspectImage(ref, signal)).toBeUndefined();
  });

  test("refuses a pull that cannot succeed", async () => {
    const pull = engine.pullImage("docktest.invalid/none:latest", { onProgress: () => {} }, signal);
    await expect(pull).rejects.toMatchObject({
      code: "engine-refused",
      message: expect.stringContaining('could not pull "docktest.invalid/none:latest"'),
    });
  });

  test("unpacks an archive in a container", async () => {
    const id = await create("archive");
    const tar = pack();
    tar.entry({ name: "file.txt" }, "content");
    tar.finalize();
    await engine.putArchive(id, { path: "/tmp", tar: Readable.from(tar), copyUidGid: false }, signal);
    const missing = pack();
    missing.finalize();
    const failure = engine.putArchive(id, { path: "/missing", tar: Readable.from(missing), copyUidGid: false }, signal);
    await expect(failure).rejects.toMatchObject({ status: 404 });
  });
});
