import { describe, expect } from "vitest";
import { FaultProxy } from "../../support/fault-proxy.ts";
import { freePort, IDLE, type Scenario, scenario } from "../../support/scenario.ts";

/** A service that works, up, with its id; and the whole project's containers, which must be it alone. */
async function serving(s: Scenario, service: object = IDLE): Promise<string> {
  await s.declare({ services: { web: service } });
  await s.dock(["up", "-d"]);
  return (await s.ids())["web/1"] ?? "";
}

async function expectOnly(s: Scenario, id: string): Promise<void> {
  const own = (await s.engine.containers()).filter(({ Names }) => Names[0]?.startsWith(`/${s.project}`));
  expect(own.map(({ Id, State, Names }) => [Id, State, Names[0]])).toEqual([[id, "running", `/${s.project}-web-1`]]);
}

describe("a replacement that fails", () => {
  scenario("by crashing shows its last lines, and the old container serves again", async ({ s }) => {
    const id = await serving(s);
    await s.declare({
      services: { web: { ...IDLE, command: ["sh", "-c", "echo starting; echo it broke >&2; exit 9"] } },
    });
    const failed = await s.dock(["up", "-d"], { code: 5 });
    expect(failed.stderr).toMatch(/service web exited with code 9; the old container serves again/);
    expect(failed.stderr).toMatch(/starting[^]*it broke|it broke[^]*starting/);
    await expectOnly(s, id);
    await s.declare({ services: { web: { ...IDLE, command: ["sleep", "3601"] } } });
    await s.dock(["up", "-d"]);
    expect((await s.ids())["web/1"]).not.toBe(id);
  });

  scenario("because its program is not there leaves the old container running", async ({ s }) => {
    const id = await serving(s);
    await s.declare({ services: { web: { ...IDLE, command: ["no-such-program"] } } });
    const failed = await s.dock(["up", "-d"], { code: 5 });
    expect(failed.stderr).toMatch(/service web could not start.*no-such-program/);
    await expectOnly(s, id);
  });

  scenario("because its image's new version crashes leaves the old image's container running", async ({ s }) => {
    await s.write({ "web/Dockerfile": 'FROM busybox:latest\nCMD ["sleep", "3600"]\n' });
    const project = {
      images: { web: { context: "web" } },
      services: { web: { image: "web", stop_signal: "SIGKILL" } },
    };
    await s.declare(project);
    await s.dock(["up", "-d"]);
    const { "web/1": id = "" } = await s.ids();
    await s.write({ "web/Dockerfile": 'FROM busybox:latest\nCMD ["sh", "-c", "echo out of order; exit 3"]\n' });
    const failed = await s.dock(["up", "-d"], { code: 5 });
    expect(failed.stderr).toContain("out of order");
    await expectOnly(s, id);
    await s.write({ "web/Dockerfile": 'FROM busybox:latest\nCMD ["sleep", "3600"]\n' });
    const back = await s.dock(["up", "-d"]);
    expect(back.builderCalled).toBe(false);
    await expectOnly(s, id);
  });

  scenario("by never getting healthy tells what its probe said, and goes back", async ({ s }) => {
    const id = await serving(s);
    const healthcheck = { test: ["CMD-SHELL", "echo probe says no; exit 1"], interval: "200ms", retries: 2 };
    await s.declare({ services: { web: { ...IDLE, healthcheck } } });
    const failed = await s.dock(["up", "-d"], { code: 5 });
    expect(failed.stderr).toMatch(/unhealthy.*probe says no/);
    await expectOnly(s, id);
  });

  scenario("in its creation never stops the old container", async ({ s }) => {
    const id = await serving(s);
    const started = async (): Promise<string> =>
      (await s.engine.get<{ State: { StartedAt: string } }>(`/containers/${id}/json`)).State.StartedAt;
    const before = await started();
    await s.declare({ services: { web: { ...IDLE, environment: { A: "1" } } } });
    await using broken = await FaultProxy.start({
      upstream: s.engine.socketPath,
      fault: "500-before",
      at: 1,
      counts: ({ path }) => path === "/containers/create",
    });
    await s.dock(["up", "-d"], { host: broken.host, code: 1 });
    await expectOnly(s, id);
    expect(await started()).toBe(before);
  });

  scenario("leaves other services' work done", async ({ s }) => {
    const port = await freePort();
    await s.declare({ services: { web: IDLE, api: { ...IDLE, ports: [`${port}:80`] } } });
    await s.dock(["up", "-d"]);
    const before = await s.ids();
    await s.declare({
      services: { web: { ...IDLE, command: ["false"] }, api: { ...IDLE, environment: { A: "1" } } },
    });
    const failed = await s.dock(["up", "-d"], { code: 5 });
    expect(failed.stderr).toContain("service web exited with code 1");
    const after = await s.ids();
    expect(after["web/1"]).toBe(before["web/1"]);
    expect(after["api/1"]).not.toBe(before["api/1"]);
  });
});
