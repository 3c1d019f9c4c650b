import { randomBytes } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { extract, pack } from "tar-stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectEngine } from "../../src/engine/connect.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { EngineEvent } from "../../src/engine/event-calls.ts";
import type { LogRecord } from "../../src/engine/log-records.ts";
import { type ContainerBody, emptyBody } from "../../src/plan/container-body.ts";
import { IMAGE, subjectsBeside, sweep } from "../support/engine-subjects.ts";

/** Every object's name begins so, and whatever does is removed at the end. */
const prefix = `docktest-${randomBytes(4).toString("hex")}`;
const signal = AbortSignal.timeout(170_000);
const real = connectEngine({ env: process.env });
const named = (name: string): string => `${prefix}-${name}`;

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

afterAll(async () => {
  await sweep(real, prefix);
  await real.close();
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

  const create = async (name: string, over: Partial<ContainerBody> = {}): Promise<string> => {
    const labels = { [prefix]: name };
    const body = { ...emptyBody(IMAGE), Cmd: ["sleep", "1000"], Labels: labels, ...over };
    return engine.createContainer({ name: named(name), body }, signal);
  };
  const records = async (id: string, more: { since?: string; tail?: number } = {}): Promise<readonly LogRecord[]> =>
    all(engine.containerRecords(id, { follow: false, tty: false, ...more }, signal));

  test("gives a log from a time on, that time included, and its last lines", async () => {
    const id = await create("since", { Cmd: ["sh", "-c", "echo one; echo two; echo three"] });
    const exit = engine.waitContainer(id, "next-exit", signal);
    await engine.startContainer(id, signal);
    expect(await exit).toEqual({ exitCode: 0 });
    const lines = await records(id);
    expect(lines.map(({ text }) => text)).toEqual(["one", "two", "three"]);
    expect(lines.map(({ at }) => at).toSorted()).toEqual(lines.map(({ at }) => at));
    const last = lines.at(-1)?.at ?? "";
    expect((await records(id, { since: last })).map(({ text }) => text)).toEqual(
      lines.filter(({ at }) => at >= last).map(({ text }) => text),
    );
    expect((await records(id, { tail: 1 })).map(({ text }) => text)).toEqual(["three"]);
    expect(await records(id, { since: "4000000000.000000000" })).toEqual([]);
  });

  test("goes on with the log of a container over its restarts, and ends what is followed with each run", async () => {
    const id = await create("runs", { Cmd: ["sh", "-c", "echo hello"] });
    for (const run of [1, 2]) {
      const exit = engine.waitContainer(id, "next-exit", signal);
      await engine.startContainer(id, signal);
      await exit;
      const followed = await all(engine.containerRecords(id, { follow: true, tty: false }, signal));
      expect(followed.map(({ text }) => text)).toEqual(Array.from({ length: run }, () => "hello"));
    }
  });

  test("waits for an end, for the next one, and for a removal", async () => {
    const id = await create("wait");
    expect(await engine.waitContainer(id, "not-running", signal)).toEqual({ exitCode: 0 });
    await engine.startContainer(id, signal);
    const [end, gone] = [engine.waitContainer(id, "not-running", signal), engine.waitContainer(id, "removed", signal)];
    // Either wait has to be there before what it waits for.
    await delay(200);
    await engine.killContainer(id, "SIGKILL", signal);
    expect(await end).toEqual({ exitCode: 137 });
    await engine.removeContainer(id, { volumes: true }, signal);
    expect(await gone).toMatchObject({ exitCode: 137 });
    await expect(engine.waitContainer(id, "next-exit", signal)).rejects.toMatchObject({ status: 404 });
  });

  test("changes limits and the restart policy of a container that runs", async () => {
    const id = await create("update", {
      HostConfig: { ...emptyBody(IMAGE).HostConfig, Memory: 64 * 2 ** 20, MemorySwap: 128 * 2 ** 20 },
    });
    await engine.startContainer(id, signal);
    const before = await engine.inspectContainer(id, signal);
    await engine.updateContainer(
      id,
      { Memory: 96 * 2 ** 20, MemorySwap: 192 * 2 ** 20, RestartPolicy: { Name: "unless-stopped" } },
      signal,
    );
    const after = await engine.inspectContainer(id, signal);
    expect(before).toMatchObject({ state: "running", limits: { memory: 64 * 2 ** 20 }, restart: { policy: "no" } });
    expect(after).toMatchObject({ state: "running", limits: { memory: 96 * 2 ** 20 } });
    expect(after.restart.policy).toBe("unless-stopped");
    await expect(engine.updateContainer(named("none"), { Memory: 96 * 2 ** 20 }, signal)).rejects.toMatchObject({
      status: 404,
    });
  });

  test("renames a container, whose old name is free then", async () => {
    const id = await create("before");
    await engine.startContainer(id, signal);
    const other = await create("other");
    await expect(engine.renameContainer(id, named("other"), signal)).rejects.toMatchObject({ status: 409 });
    await engine.renameContainer(id, named("after"), signal);
    const listed = await engine.listContainers({ names: [named("before"), named("after")] }, signal);
    expect(listed.map((container) => [container.id, container.name, container.state])).toEqual([
      [id, named("after"), "running"],
    ]);
    await engine.renameContainer(other, named("before"), signal);
    expect((await engine.listContainers({ names: [named("before")] }, signal)).map((each) => each.id)).toEqual([other]);
  });

  test("connects a running container to a network and takes it off again", async () => {
    const network = await engine.createNetwork({ name: named("net"), labels: {} }, signal);
    const id = await create("member");
    await engine.startContainer(id, signal);
    const on = async (): Promise<readonly string[]> =>
      Object.keys((await engine.inspectContainer(id, signal)).networks).toSorted();
    expect(await on()).toEqual(["bridge"]);
    await engine.connectNetwork(network, { container: id, endpoint: { Aliases: ["web"] } }, signal);
    expect(await on()).toEqual(["bridge", named("net")]);
    expect(await engine.networkMembers(network, signal)).toEqual([{ id, name: named("member") }]);
    await expect(engine.connectNetwork(network, { container: id }, signal)).rejects.toMatchObject({ status: 403 });
    await expect(engine.removeNetwork(network, signal)).rejects.toMatchObject({ status: 403 });
    await engine.disconnectNetwork(network, id, signal);
    expect(await on()).toEqual(["bridge"]);
    expect(await engine.networkMembers(network, signal)).toEqual([]);
    await engine.removeNetwork(network, signal);
  });

  test("packs and unpacks files of a container that does not run", async () => {
    const id = await create("archive");
    const tar = pack();
    tar.entry({ name: "note.txt", mode: 0o640 }, "content");
    tar.finalize();
    await engine.putArchive(id, { path: "/tmp", tar: Readable.from(tar), copyUidGid: false }, signal);
    expect(await engine.statPath(id, "/tmp/note.txt", signal)).toEqual({
      name: "note.txt",
      kind: "file",
      linkTarget: "",
    });
    expect(await engine.statPath(id, "/tmp/other.txt", signal)).toBeUndefined();
    const unpacked = extract();
    Readable.from(engine.getArchive(id, "/tmp/note.txt", signal)).pipe(unpacked);
    const entries: string[] = [];
    for await (const entry of unpacked) entries.push(`${entry.header.name}: ${(await buffer(entry)).toString("utf8")}`);
    expect(entries).toEqual(["note.txt: content"]);
    const missing = all(engine.getArchive(id, "/tmp/other.txt", signal));
    await expect(missing).rejects.toMatchObject({ status: 404 });
  });

  test("tells of a container's life in the order in which it happens", async () => {
    const stop = new AbortController();
    const seen: EngineEvent[] = [];
    const listening = new EventEmitter();
    const opened = once(listening, "opened", { signal });
    const filter = {
      types: ["container" as const],
      labels: [`${prefix}=lived`],
      opened: () => void listening.emit("opened"),
    };
    const reading = (async () => {
      for await (const event of engine.events(filter, stop.signal)) {
        seen.push(event);
        if (event.action === "destroy") return;
      }
    })();
    await opened;
    const id = await create("lived");
    await engine.startContainer(id, signal);
    await engine.renameContainer(id, named("lived-on"), signal);
    await engine.killContainer(id, "SIGKILL", signal);
    await engine.waitContainer(id, "not-running", signal);
    await engine.removeContainer(id, { volumes: true }, signal);
    await reading;
    stop.abort();
    expect(new Set(seen.map((event) => event.id))).toEqual(new Set([id]));
    const told = seen.map(({ action }) => action);
    expect(told.filter((action) => ["create", "start", "rename", "die", "destroy"].includes(action))).toEqual([
      "create",
      "start",
      "rename",
      "die",
      "destroy",
    ]);
  });

  test("moves a tag to another image and takes one of several tags away", async () => {
    const [first, second] = [`${named("img")}:one`, `${named("img")}:two`];
    await engine.tagImage(IMAGE, first, signal);
    await engine.tagImage(first, second, signal);
    await engine.tagImage(IMAGE, second, signal);
    const id = (await engine.inspectImage(IMAGE, signal))?.id;
    expect((await engine.inspectImage(second, signal))?.id).toBe(id);
    await engine.removeImage(first, signal);
    expect(await engine.inspectImage(first, signal)).toBeUndefined();
    expect((await engine.inspectImage(second, signal))?.tags).toContain(second);
    await engine.removeImage(second, signal);
    expect((await engine.inspectImage(IMAGE, signal))?.id).toBe(id);
  });
});
