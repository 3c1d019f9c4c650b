import { describe, expect } from "vitest";
import { note } from "../../support/crash-plan.ts";
import { EngineSwitch } from "../../support/engine-switch.ts";
import { FaultProxy } from "../../support/fault-proxy.ts";
import { Gate } from "../../support/gate.ts";
import { eventually, freePort, IDLE, type Scenario, scenario } from "../../support/scenario.ts";
import { type Snapshot, takeSnapshot } from "../../support/snapshot.ts";

const HOUR_MS = 3_600_000;
/** `npm run test:faults` crashes the engine at every change, `npm test` at a few. */
const WHOLE = process.env["DOCK_FAULTS"] === "whole";
const engine = new EngineSwitch();

const A_FEW = [5, 14];

function* upwards(): Generator<number, void, void> {
  for (let number = 1; ; number += 1) yield number;
}

/** What a run may end with when the engine goes: a failure, no usable engine, a failed build, a service that is not ready. */
const FAILURES = [1, 3, 4, 5];

async function declare(s: Scenario, of: { readonly color: string; readonly port: number }): Promise<void> {
  const service = { ...IDLE, environment: { COLOR: of.color } };
  await s.declare({
    services: {
      db: { ...service, mounts: ["data:/data"], healthcheck: { test: ["CMD", "true"], interval: "200ms" } },
      web: {
        ...service,
        ports: [`${of.port}:80`],
        networks: ["default", "back"],
        depends_on: { db: { condition: "service_healthy" } },
        dev: { mounts: ["./src:/app", "/app/deps"] },
      },
      keep: { ...IDLE, restart: "always" },
      [`only-${of.color}`]: service,
    },
    networks: { back: {} },
    volumes: { data: {} },
  });
}

async function look(s: Scenario): Promise<Snapshot> {
  return takeSnapshot(s.engine, s.project, (text) => text.replaceAll(s.directory, "."));
}

/** Runs `up`; the engine is killed while it has the k-th request that changes something. Tells whether there was one. */
async function upAcrossCrash(s: Scenario, at: number): Promise<{ readonly crashed: boolean; readonly code: number }> {
  let crash: Promise<void> | undefined;
  let seen = 0;
  await using proxy = await FaultProxy.start({
    upstream: s.engine.socketPath,
    counts: ({ mutating }) => {
      seen += Number(mutating);
      if (mutating && seen === at) crash = engine.kill();
      return false;
    },
  });
  const { code } = await s.run(["up", "-d"], { host: proxy.host, deadline: 60_000 });
  await crash;
  return { crashed: crash !== undefined, code };
}

describe("an engine that is killed and started again", () => {
  scenario(
    "in the middle of an up: the next up finishes it",
    async ({ s }) => {
      const start = performance.now();
      const port = await freePort();
      await s.write({ "src/deps/.keep": "" });
      await declare(s, { color: "red", port });
      await s.dock(["up", "-d"]);
      await s.inside("db", "sh", "-c", "echo precious > /data/file");
      await declare(s, { color: "blue", port });
      await s.dock(["up", "-d"]);
      const golden = await look(s);
      let crashes = 0;
      for (const at of WHOLE ? upwards() : A_FEW) {
        await declare(s, { color: "red", port });
        await s.dock(["up", "-d"]);
        await declare(s, { color: "blue", port });
        const { crashed, code } = await upAcrossCrash(s, at);
        if (!crashed) break;
        crashes += 1;
        expect(FAILURES, `crash at change ${at}`).toContain(code);
        await engine.start();
        await s.dock(["up", "-d"]);
        expect(await look(s), `after a crash at change ${at}`).toEqual(golden);
        expect((await s.dock(["up", "-d"])).mutations).toEqual([]);
        expect(await s.inside("db", "cat", "/data/file")).toBe("precious");
      }
      const seconds = Math.round((performance.now() - start) / 100) / 10;
      note({ test: "engine crash", during: "up", crashes, seconds });
      expect(crashes).toBeGreaterThanOrEqual(A_FEW.length);
    },
    HOUR_MS,
  );

  scenario("in the middle of a build: the run fails, and the next one builds", async ({ s }) => {
    await using gate = await Gate.start();
    const wait = `until wget -q -O /dev/null ${await gate.address(s.engine)}; do sleep 0.1; done`;
    await s.write({ "app/Dockerfile": `FROM busybox:latest\nRUN ${wait}\nRUN echo done > /result\n` });
    await s.declare({
      images: { app: { context: "app" } },
      services: { app: { ...IDLE, image: "app" }, other: IDLE },
    });
    const run = s.start(["up", "-d"], { deadline: 60_000 });
    await Promise.race([gate.knocked, run.end().then(() => Promise.reject(new Error(run.transcript())))]);
    await engine.kill();
    const { code, stderr } = await run.end();
    expect(FAILURES).toContain(code);
    expect(stderr).toMatch(/error: /);
    await engine.start();
    gate.open();
    await s.dock(["up", "-d"]);
    expect(await s.inside("app", "cat", "/result")).toBe("done");
    expect((await s.dock(["up", "-d"])).mutations).toEqual([]);
  });

  scenario("while it is watched: what is saved meanwhile arrives when it is back", async ({ s }) => {
    const watch = [{ path: "./src", action: "sync", target: "/app" }];
    await s.write({ "src/a": "one" });
    await s.declare({ services: { web: { ...IDLE, restart: "always", dev: { watch } } } });
    const run = s.start(["watch"], { host: `unix://${s.engine.socketPath}` });
    await run.until(/^Watching /m);
    const arrives = async (text: string): Promise<void> => {
      await s.write({ "src/a": text });
      await eventually(async () => expect(await s.inside("web", "cat", "/app/a")).toBe(text), 60_000);
    };
    await arrives("two");
    await engine.kill();
    await s.write({ "src/a": "three" });
    await engine.start();
    await eventually(async () => expect(await s.inside("web", "cat", "/app/a")).toBe("three"), 60_000);
    await arrives("four");
    run.signal("SIGINT");
    expect((await run.end()).code).toBe(0);
    await s.dock(["down"]);
  });

  scenario("while logs are followed: they go on with what is started again", async ({ s }) => {
    const talk = ["sh", "-c", "echo begun $$$$; i=0; while :; do i=$$((i+1)); echo tick $$i; sleep 0.2; done"];
    await s.declare({
      services: { talker: { ...IDLE, command: talk, restart: "always" }, silent: { ...IDLE, restart: "always" } },
    });
    await s.dock(["up", "-d"]);
    const run = s.start(["logs", "-f"], { host: `unix://${s.engine.socketPath}` });
    await run.until(/tick 3\n/, "stdout");
    await engine.kill();
    await engine.start();
    await run.until(/begun[^]*tick 3\n[^]*begun[^]*tick 3\n/, "stdout");
    run.signal("SIGINT");
    const { code, stdout } = await run.end();
    expect(code).toBe(130);
    const ticks = stdout.split("\n").filter((line) => line.includes("tick 1"));
    // Each run's first line once: nothing is shown again after the break.
    expect(ticks.filter((line) => line.endsWith("tick 1"))).toHaveLength(2);
  });
});

if (WHOLE) {
  describe("an engine that is killed while logs are followed", () => {
    scenario("ends them with its containers when nothing is started again", async ({ s }) => {
      await s.declare({ services: { talker: { ...IDLE, command: ["sh", "-c", "echo here; exec sleep 3600"] } } });
      await s.dock(["up", "-d"]);
      const run = s.start(["logs", "-f"], { host: `unix://${s.engine.socketPath}` });
      await run.until(/here\n/, "stdout");
      await engine.kill();
      await engine.start();
      const { stdout, stderr } = await run.end();
      expect(stdout).toBe("talker-1  | here\n");
      expect(stderr).toMatch(/talker-1 +\| exited with code \d+/);
      await eventually(async () => expect((await s.containers())["talker/1"]?.State).toBe("exited"));
      await s.dock(["up", "-d"]);
      expect((await s.containers())["talker/1"]?.State).toBe("running");
    });

    scenario("and stays away, ends them with an error after a minute", async ({ s }) => {
      await s.declare({ services: { talker: { ...IDLE, command: ["sh", "-c", "echo here; exec sleep 3600"] } } });
      await s.dock(["up", "-d"]);
      const run = s.start(["logs", "-f"], { host: `unix://${s.engine.socketPath}` });
      await run.until(/here\n/, "stdout");
      await engine.kill();
      const ended = run.end();
      await Promise.allSettled([ended]);
      await engine.start();
      const { code, stderr } = await ended;
      expect(code).toBe(3);
      expect(stderr).toMatch(/error: .*engine/i);
    });
  });
}
