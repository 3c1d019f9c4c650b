import { describe, expect } from "vitest";
import { freePort, IDLE, type Scenario, scenario } from "../../support/scenario.ts";

/** Running services with the host ports that the engine has bound for them. */
async function published(s: Scenario): Promise<Readonly<Record<string, readonly number[]>>> {
  const all = await s.engine.get<
    readonly { State: string; Labels: Record<string, string>; Ports: readonly { PublicPort?: number }[] }[]
  >(`/containers/json?filters=${encodeURIComponent(JSON.stringify({ label: [`dev.dock.project=${s.project}`] }))}`);
  return Object.fromEntries(
    all.map(({ Labels, Ports }) => [Labels["dev.dock.service"], Ports.flatMap(({ PublicPort }) => PublicPort ?? [])]),
  );
}

describe("host ports that change hands in one edit", () => {
  scenario("are swapped, and after a failure both old containers serve on theirs again", async ({ s }) => {
    const [a, b] = [await freePort(), await freePort()];
    const serving = (api: number, web: number, more: object = {}): object => ({
      services: {
        api: { ...IDLE, ports: [`${api}:80`] },
        web: { ...IDLE, ports: [`${web}:80`], depends_on: ["api"], ...more },
      },
    });
    await s.declare({ ...serving(a, b) });
    await s.dock(["up", "-d"]);
    const before = await s.ids();
    await s.declare({ ...serving(b, a, { command: ["sh", "-c", "echo cannot serve; exit 7"] }) });
    const failed = await s.dock(["up", "-d"], { code: 5 });
    expect(failed.stderr).toMatch(/service web exited with code 7; the old containers of api, web serve again/);
    expect(failed.stderr).toContain("cannot serve");
    expect(await published(s)).toEqual({ api: [a], web: [b] });
    expect(await s.ids()).toEqual(before);

    await s.declare({ ...serving(b, a) });
    await s.dock(["up", "-d"]);
    expect(await published(s)).toEqual({ api: [b], web: [a] });
    expect(Object.values(await s.containers()).map(({ Names }) => Names[0])).toEqual(
      expect.arrayContaining([`/${s.project}-api-1`, `/${s.project}-web-1`]),
    );
    expect(await s.planned()).toEqual([]);
  });

  scenario("go to a new service that the former holder waits for, or back when that one fails", async ({ s }) => {
    const port = await freePort();
    await s.declare({ services: { web: { ...IDLE, ports: [`${port}:80`] } } });
    await s.dock(["up", "-d"]);
    const before = await s.ids();
    const project = (command: readonly string[]): object => ({
      services: { web: { ...IDLE, depends_on: ["api"] }, api: { ...IDLE, command, ports: [`${port}:80`] } },
    });
    await s.declare({ ...project(["false"]) });
    const failed = await s.dock(["up", "-d"], { code: 5 });
    expect(failed.stderr).toMatch(/service api exited with code 1; the old container serves again/);
    expect(await published(s)).toEqual({ web: [port] });
    expect((await s.ids())["web/1"]).toBe(before["web/1"]);

    await s.declare({ ...project(["sleep", "3600"]) });
    await s.dock(["up", "-d"]);
    expect(await published(s)).toEqual({ api: [port], web: [] });
    expect(await s.planned()).toEqual([]);
  });

  scenario("are swapped by the run after one that was killed in between", async ({ s }) => {
    const [a, b] = [await freePort(), await freePort()];
    const serving = (api: number, web: number): object => ({
      services: { api: { ...IDLE, ports: [`${api}:80`] }, web: { ...IDLE, ports: [`${web}:80`] } },
    });
    await s.declare({ ...serving(a, b) });
    await s.dock(["up", "-d"]);
    await s.declare({ ...serving(b, a) });
    const killed = s.start(["up", "-d"]);
    const from = s.proxy.requests.length;
    await expect
      .poll(() => s.proxy.requests.slice(from).some(({ path }) => path.endsWith("/start")), {
        timeout: 15_000,
        interval: 5,
      })
      .toBe(true);
    killed.signal("SIGKILL");
    await killed.end();
    await s.dock(["up", "-d"]);
    expect(await published(s)).toEqual({ api: [b], web: [a] });
    expect(await s.planned()).toEqual([]);
  });
});
