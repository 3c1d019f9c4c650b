import { describe, expect } from "vitest";
import { IDLE, type Scenario, scenario } from "../../support/scenario.ts";

interface Inspection {
  readonly State: {
    readonly StartedAt: string;
    readonly FinishedAt: string;
    readonly Health?: { readonly Log: readonly { readonly End: string; readonly ExitCode: number }[] };
  };
}

async function inspect(s: Scenario, slot: string): Promise<Inspection["State"]> {
  const id = (await s.ids())[slot] ?? "";
  return (await s.engine.get<Inspection>(`/containers/${id}/json`)).State;
}

/** Healthy as soon as the file is there. */
const PROBE = { test: ["CMD", "test", "-e", "/ready"], interval: "100ms", retries: 100 };

/** Does nothing, but is not ready before a second has passed. */
const SLOW = { ...IDLE, command: ["sh", "-c", "sleep 1; touch /ready; exec sleep 3600"], healthcheck: PROBE };

const CONDITION = (condition: string) => ({ condition });

describe("what a service depends on", () => {
  scenario("is healthy before the service starts", async ({ s }) => {
    await s.declare({
      services: { web: { ...IDLE, depends_on: { db: CONDITION("service_healthy") } }, db: SLOW },
    });
    await s.dock(["up", "-d"]);
    const passed = (await inspect(s, "db/1")).Health?.Log.find(({ ExitCode }) => ExitCode === 0)?.End ?? "";
    expect(Date.parse((await inspect(s, "web/1")).StartedAt)).toBeGreaterThanOrEqual(Date.parse(passed));
    expect((await s.dock(["up", "-d"])).mutations).toEqual([]);
    expect(JSON.parse((await s.dock(["ps", "--json"])).stdout)).toMatchObject([
      { service: "db", health: "healthy", upToDate: true },
      { service: "web", upToDate: true },
    ]);
  });

  scenario("ends the run when it gets unhealthy, and the service is never started", async ({ s }) => {
    const healthcheck = { test: ["CMD-SHELL", "echo the disk is full; exit 1"], interval: "100ms", retries: 2 };
    await s.declare({
      services: {
        web: { ...IDLE, depends_on: { db: CONDITION("service_healthy") } },
        db: { ...IDLE, command: ["sh", "-c", "echo opening the disk; exec sleep 3600"], healthcheck },
      },
    });
    const failed = await s.dock(["up", "-d"], { code: 5 });
    expect(failed.stderr).toMatch(/service db is unhealthy.*the disk is full/);
    expect(failed.stderr).toContain("opening the disk");
    expect((await s.containers())["web/1"]?.State).not.toBe("running");
  });

  scenario("has run to its end before the service starts, and does not run again", async ({ s }) => {
    await s.declare({
      services: {
        web: { ...IDLE, depends_on: { migrate: CONDITION("service_completed_successfully") } },
        migrate: { ...IDLE, command: ["sh", "-c", "sleep 0.5; echo migrated"] },
      },
    });
    await s.dock(["up", "-d"]);
    const migrated = await inspect(s, "migrate/1");
    expect(Date.parse((await inspect(s, "web/1")).StartedAt)).toBeGreaterThanOrEqual(Date.parse(migrated.FinishedAt));
    expect((await s.dock(["up", "-d"])).mutations).toEqual([]);
    expect(await inspect(s, "migrate/1")).toEqual(migrated);
  });

  scenario("ends the run when it fails", async ({ s }) => {
    await s.declare({
      services: {
        web: { ...IDLE, depends_on: { migrate: CONDITION("service_completed_successfully") } },
        migrate: { ...IDLE, command: ["sh", "-c", "echo no such table; exit 4"] },
      },
    });
    const failed = await s.dock(["up", "-d"], { code: 5 });
    expect(failed.stderr).toMatch(/service migrate exited with code 4/);
    expect(failed.stderr).toContain("no such table");
    expect((await s.containers())["web/1"]?.State).not.toBe("running");
  });
});

describe("a service", () => {
  scenario("that crashes at once fails the run with its last lines", async ({ s }) => {
    await s.declare({ services: { web: { ...IDLE, command: ["sh", "-c", "echo port taken; exit 2"] }, db: IDLE } });
    const failed = await s.dock(["up", "-d"], { code: 5 });
    expect(failed.stderr).toMatch(/service web (exited|ended soon after its start) with code 2/);
    expect(failed.stderr).toContain("port taken");
    expect((await s.containers())["db/1"]?.State).toBe("running");
  });

  scenario("that ends well without being a task fails the run, with a hint", async ({ s }) => {
    await s.declare({ services: { web: { ...IDLE, command: ["true"] } } });
    const failed = await s.dock(["up", "-d"], { code: 5 });
    expect(failed.stderr).toMatch(/service web (exited|ended soon after its start) with code 0[^]*hint: .*foreground/);
  });

  scenario("is healthy long before its first interval is over, where the engine can", async ({ s }) => {
    const { ApiVersion } = await s.engine.get<{ readonly ApiVersion: string }>("/version");
    const [, minor = 0] = ApiVersion.split(".").map(Number);
    const interval = minor < 44 ? "100ms" : "1h";
    await s.declare({ services: { web: { ...SLOW, healthcheck: { ...PROBE, interval } } } });
    await s.dock(["up", "-d"]);
    expect((await inspect(s, "web/1")).Health?.Log.find(({ ExitCode }) => ExitCode === 0)).toBeDefined();
    expect(await s.planned()).toEqual([]);
  });

  scenario("that takes longer than --wait-timeout to get healthy fails the run", async ({ s }) => {
    const healthcheck = { test: ["CMD", "false"], interval: "1s", retries: 1000 };
    await s.declare({ services: { web: { ...IDLE, healthcheck } } });
    const failed = await s.dock(["up", "-d", "--wait-timeout", "600ms"], { code: 5 });
    expect(failed.stderr).toMatch(/service web was not healthy after 600 ms/);
  });

  scenario("that was stopped, killed or removed from outside is brought back", async ({ s }) => {
    await s.declare({ services: { a: IDLE, b: IDLE, c: IDLE, d: IDLE } });
    await s.dock(["up", "-d"]);
    const before = await s.ids();
    await s.engine.post(`/containers/${before["a/1"]}/stop?t=0`);
    await s.engine.post(`/containers/${before["b/1"]}/pause`);
    await s.engine.remove(`/containers/${before["c/1"]}?force=1`);
    expect(await s.planned()).toEqual([
      "container.start service:a/1: not-running exited → (none)",
      "container.wait service:a/1: dependency",
      "container.start service:b/1: not-running paused → (none)",
      "container.wait service:b/1: dependency",
      "container.create service:c/1: missing",
      "container.start service:c/1: missing",
      "container.wait service:c/1: dependency",
    ]);
    await s.dock(["up", "-d"]);
    const { "c/1": renewed, ...after } = await s.ids();
    const { "c/1": removed, ...kept } = before;
    expect(after).toEqual(kept);
    expect(renewed).not.toBe(removed);
    expect(Object.values(await s.containers()).map(({ State }) => State)).toEqual(Array(4).fill("running"));
  });
});
