import { describe, expect } from "vitest";
import type { Fault } from "../../support/fault-proxy.ts";
import { FaultProxy } from "../../support/fault-proxy.ts";
import type { LoggedRequest } from "../../support/engine-request.ts";
import type { DockProcess } from "../../support/scenario-process.ts";
import { eventually, IDLE, type Scenario, scenario } from "../../support/scenario.ts";

const DOCKERFILE =
  'FROM busybox:latest\nWORKDIR /app\nCOPY . .\nRUN mkdir -p deps && cp file deps\nCMD ["sleep", "3600"]\n';

/** A project with one of everything; `revision` changes the image, a service and a mount. */
async function declare(s: Scenario, revision: number): Promise<void> {
  await s.write({ "app/Dockerfile": DOCKERFILE, "app/file": `${revision}\n` });
  await s.declare({
    images: { app: { context: "app" } },
    services: {
      app: {
        image: "app",
        stop_signal: "SIGKILL",
        depends_on: ["db"],
        dev: { mounts: ["./app:/app", "/app/deps"] },
      },
      db: { ...IDLE, mounts: ["data:/data"], environment: { REVISION: String(revision) } },
      ...(revision === 1 ? { old: IDLE } : { new: IDLE }),
    },
    volumes: { data: {} },
  });
}

/** What of the engine counts in the end: without ids, times and digests. */
async function state(s: Scenario): Promise<unknown> {
  const containers = (await s.engine.containers()).filter(({ Names }) => Names[0]?.startsWith(`/${s.project}-`));
  const volumes = (await s.engine.volumes()).map(({ Name }) => Name).filter((name) => name.startsWith(s.project));
  const networks = (await s.engine.networks()).map(({ Name }) => Name).filter((name) => name.startsWith(s.project));
  return {
    containers: containers
      .map(
        ({ Names, State, Mounts }) =>
          `${Names[0]} ${State} ${Mounts.map((mount) => mount.Destination)
            .toSorted()
            .join()}`,
      )
      .toSorted(),
    volumes: volumes.length,
    networks,
  };
}

/** Runs `up` with one fault at the k-th request that `counts` takes; the run is killed where the fault says so. */
async function faulted(
  s: Scenario,
  of: {
    readonly fault: Fault;
    readonly at: number;
    readonly counts: (request: Pick<LoggedRequest, "mutating">) => boolean;
  },
): Promise<{ readonly fired: boolean; readonly code: number }> {
  let run: DockProcess | undefined;
  await using proxy = await FaultProxy.start({
    upstream: s.engine.socketPath,
    ...of,
    onKill: () => run?.signal("SIGKILL"),
  });
  run = s.start(["up", "-d"], { host: proxy.host, deadline: 60_000 });
  const { code } = await run.end();
  return { fired: proxy.fired, code };
}

/** A second run finishes what was interrupted, a third one has nothing to do. */
async function expectConverged(s: Scenario, golden: unknown, what: string): Promise<void> {
  await s.dock(["up", "-d"]);
  expect(await state(s), what).toEqual(golden);
  expect((await s.dock(["up", "-d"])).mutations, what).toEqual([]);
  expect(await s.inside("app", "cat", "deps/file"), what).toBe("2");
}

describe("an interrupted up", () => {
  scenario("is finished by the next, wherever it was killed", async ({ s }) => {
    await declare(s, 1);
    await s.dock(["up", "-d"]);
    await declare(s, 2);
    await s.dock(["up", "-d"]);
    await s.inside("db", "sh", "-c", "echo precious > /data/file");
    const golden = await state(s);
    // A few of its mutating requests: the exhaustive loop has a suite of its own.
    for (let at = 1; ; at += 6) {
      await declare(s, 1);
      await s.dock(["up", "-d"]);
      await declare(s, 2);
      const { fired } = await faulted(s, { fault: "kill-after", at, counts: ({ mutating }) => mutating });
      await expectConverged(s, golden, `killed after request ${at}`);
      expect(await s.inside("db", "cat", "/data/file")).toBe("precious");
      if (!fired) break;
    }
  });

  scenario("from nothing is finished by the next, wherever an answer was lost", async ({ s }) => {
    await declare(s, 2);
    await s.dock(["up", "-d"]);
    const golden = await state(s);
    for (let at = 2; ; at += 5) {
      await s.dock(["down", "-v"]);
      const { fired, code } = await faulted(s, { fault: "reset-after", at, counts: ({ mutating }) => mutating });
      if (fired) expect([0, 1, 4, 5], `lost answer ${at}`).toContain(code);
      await expectConverged(s, golden, `lost answer ${at}`);
      if (!fired) break;
    }
  });

  scenario("stops at Ctrl-C with 130 in the middle of a build, and the builder stops too (B11)", async ({ s }) => {
    await s.write({
      "app/Dockerfile": `FROM busybox:latest\nRUN echo begun ${s.project}; sleep 600\nCMD ["sleep", "3600"]\n`,
    });
    await s.declare({ images: { app: { context: "app" } }, services: { app: { image: "app" } } });
    const run = s.start(["up", "-d", "-v"]);
    await run.until(/begun/);
    run.signal("SIGINT");
    expect((await run.end()).code).toBe(130);
    expect(await s.containers()).toEqual({});
    await s.write({ "app/Dockerfile": 'FROM busybox:latest\nCMD ["sleep", "3600"]\n' });
    await s.declare({
      images: { app: { context: "app" } },
      services: { app: { image: "app", stop_signal: "SIGKILL" } },
    });
    await s.dock(["up", "-d"]);
  });

  scenario("stops at SIGTERM with 143 while it waits, and the next run goes on", async ({ s }) => {
    const healthcheck = { test: ["CMD", "test", "-e", "/ready"], interval: "100ms", retries: 1000 };
    await s.declare({ services: { web: { ...IDLE, healthcheck }, db: IDLE } });
    const run = s.start(["up", "-d"]);
    await eventually(async () => expect((await s.containers())["web/1"]?.State).toBe("running"));
    run.signal("SIGTERM");
    expect((await run.end()).code).toBe(143);
    const { "web/1": id } = await s.ids();
    await s.inside("web", "touch", "/ready");
    await s.dock(["up", "-d"]);
    expect((await s.ids())["web/1"]).toBe(id);
  });
});

describe("two runs at once", () => {
  scenario("take turns, and both end well", async ({ s }) => {
    await declare(s, 2);
    const runs = [s.start(["up", "-d"]), s.start(["up", "-d"]), s.start(["up", "-d"])];
    const ends = await Promise.all(runs.map(async (run) => run.end()));
    expect(ends.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect((await s.dock(["up", "-d"])).mutations).toEqual([]);
  });
});
