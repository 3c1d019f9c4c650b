import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect } from "vitest";
import { FaultProxy } from "../../support/fault-proxy.ts";
import { eventually, IDLE, scenario } from "../../support/scenario.ts";
import { PROGRAM } from "../../support/scenario-process.ts";

describe("signals", () => {
  scenario(
    "K4 K6 Ctrl-C stops what an attached up has started and nothing else; who reads no further ends the logs quietly",
    async ({ s }) => {
      const talking = { ...IDLE, command: ["sh", "-c", "while :; do echo tick; sleep 0.02; done"] };
      await s.declare({ services: { web: { ...talking, depends_on: ["db"] }, db: IDLE } });
      await s.dock(["up", "-d", "db"]);
      const up = s.start(["up", "web"]);
      await up.until(/tick/, "stdout");
      const reader = spawn("sh", ["-c", `"$0" "$1" logs -f web | head -n 1`, process.execPath, PROGRAM], {
        cwd: s.directory,
        env: s.environment(),
      });
      let complaint = "";
      reader.stderr.on("data", (text: Buffer) => (complaint += text.toString()));
      await once(reader, "close");
      expect(complaint).toBe("");
      up.signal("SIGINT");
      expect((await up.end()).code).toBe(130);
      const { "web/1": web, "db/1": db } = await s.containers();
      expect([web?.State, db?.State]).toEqual(["exited", "running"]);
    },
  );

  scenario(
    "K4 SIGINT, SIGTERM and SIGHUP end a run at whatever request it is, and the next one comes to the same",
    async ({ s }) => {
      await s.declare({ services: { web: { ...IDLE, mounts: ["data:/data"] }, db: IDLE }, volumes: { data: {} } });
      for (const [signal, code, at] of [
        ["SIGINT", 130, 1],
        ["SIGTERM", 143, 3],
        ["SIGHUP", 130, 5],
      ] as const) {
        let end = (): void => undefined;
        let count = 0;
        await using proxy = await FaultProxy.start({
          upstream: s.engine.socketPath,
          counts: ({ mutating }) => {
            if (mutating && ++count === at) end();
            return false;
          },
        });
        const run = s.start(["up", "-d"], { host: proxy.host });
        end = () => run.signal(signal);
        expect((await run.end()).code, signal).toBe(code);
        await s.dock(["up", "-d"]);
        expect((await s.dock(["up", "-d"])).mutations, signal).toEqual([]);
        await s.dock(["down"]);
      }
    },
  );
});

describe("a run that does not go on", () => {
  scenario("K3 K5 because it was killed leaves no lock, and the next run finishes its work", async ({ s }) => {
    await s.declare({ services: { web: IDLE, db: IDLE } });
    let kill = (): void => undefined;
    await using proxy = await FaultProxy.start({
      upstream: s.engine.socketPath,
      fault: "kill-after",
      at: 2,
      counts: ({ path }) => path === "/containers/create",
      onKill: () => kill(),
    });
    const run = s.start(["up", "-d"], { host: proxy.host });
    kill = () => run.signal("SIGKILL");
    expect((await run.end()).code).toBe(137);
    expect(Object.keys(await s.containers())).toHaveLength(2);
    const start = performance.now();
    const next = await s.dock(["up", "-d"]);
    expect(next.stderr).not.toContain("waiting for");
    expect(performance.now() - start).toBeLessThan(30_000);
    expect((await s.dock(["up", "-d"])).mutations).toEqual([]);
  });

  scenario(
    "K7 because it was stopped, or the machine slept, hears of what happened meanwhile before it gives up",
    async ({ s }) => {
      const healthcheck = { test: ["CMD", "test", "-e", "/ready"], interval: "100ms", retries: 1000 };
      await s.declare({ services: { web: { ...IDLE, healthcheck } } });
      const run = s.start(["up", "-d", "--wait-timeout", "2s"]);
      const id = await eventually(async () => {
        const { "web/1": web } = await s.containers();
        expect(web?.State).toBe("running");
        return web?.Id ?? "";
      });
      run.signal("SIGSTOP");
      await delay(3500);
      const { Id } = await s.engine.post<{ Id: string }>(`/containers/${id}/exec`, { Cmd: ["touch", "/ready"] });
      await s.engine.post(`/exec/${Id}/start`, { Detach: true });
      await eventually(async () => {
        const { State } = await s.engine.get<{ State: { Health: { Status: string } } }>(`/containers/${id}/json`);
        expect(State.Health.Status).toBe("healthy");
      });
      run.signal("SIGCONT");
      expect((await run.end()).code).toBe(0);
    },
  );
});
