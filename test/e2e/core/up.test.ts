import { describe, expect } from "vitest";
import { eventually, freePort, IDLE, scenario } from "../../support/scenario.ts";
import { printedEvents } from "../../support/scenario-plan.ts";

describe("up", () => {
  scenario("brings up a project from nothing and leaves it alone the second time", async ({ s }) => {
    const port = await freePort();
    await s.write({
      "web/Dockerfile": 'FROM busybox:latest\nCOPY index.html /www/\nCMD ["httpd", "-f", "-p", "80", "-h", "/www"]\n',
      "web/index.html": "hello from the shop\n",
    });
    await s.declare({
      images: { web: { context: "./web" } },
      services: {
        web: { image: "web", ports: [`${port}:80`], depends_on: ["db"], stop_signal: "SIGKILL" },
        db: { ...IDLE, mounts: ["data:/data"] },
      },
      volumes: { data: {} },
    });
    await s.dock(["up", "-d"]);
    await eventually(async () => {
      expect(await (await fetch(`http://127.0.0.1:${port}/index.html`)).text()).toBe("hello from the shop\n");
    });
    const ids = await s.ids();
    const again = await s.dock(["up", "-d"]);
    expect(again.mutations).toEqual([]);
    expect(await s.ids()).toEqual(ids);
    expect(again.requests.length).toBeLessThanOrEqual(8);
    await s.dock(["plan", "--detailed-exitcode"]);
  });

  scenario("of one service brings what it depends on, and only that", async ({ s }) => {
    await s.declare({ services: { web: { ...IDLE, depends_on: ["db"] }, db: IDLE, other: IDLE } });
    await s.dock(["up", "-d", "web"]);
    expect(Object.keys(await s.containers()).toSorted()).toEqual(["db/1", "web/1"]);
    const before = await s.ids();
    await s.declare({
      services: {
        web: { ...IDLE, depends_on: ["db"], environment: { A: "1" } },
        db: { ...IDLE, environment: { A: "1" } },
      },
    });
    await s.dock(["up", "-d", "--no-deps", "web"]);
    const after = await s.ids();
    expect(after["db/1"]).toBe(before["db/1"]);
    expect(after["web/1"]).not.toBe(before["web/1"]);
  });

  scenario("keeps or removes what the file has no more, as asked", async ({ s }) => {
    await s.declare({ services: { web: IDLE, old: IDLE } });
    await s.dock(["up", "-d"]);
    await s.declare({ services: { web: IDLE } });
    await s.dock(["up", "-d", "--no-remove-orphans"]);
    expect(Object.keys(await s.containers()).toSorted()).toEqual(["old/1", "web/1"]);
    await s.dock(["up", "-d", "web"]);
    expect(Object.keys(await s.containers()).toSorted()).toEqual(["old/1", "web/1"]);
    await s.dock(["up", "-d"]);
    expect(Object.keys(await s.containers())).toEqual(["web/1"]);
    await s.dock(["down"]);
    const again = await s.dock(["down"]);
    expect(again.mutations).toEqual([]);
  });

  scenario("replaces all with --force-recreate, and nothing with a forced build that gives the same", async ({ s }) => {
    await s.write({ "app/Dockerfile": 'FROM busybox:latest\nRUN true\nCMD ["sleep", "3600"]\n' });
    await s.declare({
      images: { app: { context: "app" } },
      services: { app: { image: "app", stop_signal: "SIGKILL" }, db: IDLE },
    });
    const unbuilt = await s.dock(["up", "-d", "--no-build"], { code: 6 });
    expect(unbuilt.stderr).toContain("dock build app");
    expect(unbuilt.mutations).toEqual([]);
    await s.dock(["up", "-d"]);
    const first = await s.ids();
    const forced = await s.dock(["up", "-d", "--build"]);
    expect(forced.builderCalled).toBe(true);
    expect(await s.ids()).toEqual(first);
    await s.dock(["up", "-d", "--force-recreate"]);
    const second = await s.ids();
    for (const slot of ["app/1", "db/1"]) expect(second[slot]).not.toBe(first[slot]);
  });

  scenario("tells scripts how it ended on the last line", async ({ s }) => {
    await s.declare({ services: { web: IDLE } });
    const good = printedEvents((await s.dock(["up", "-d", "--json"])).stdout);
    expect(good.at(-1)).toMatchObject({ type: "result", ok: true });
    await s.declare({ services: { web: { ...IDLE, command: ["false"] } } });
    const bad = printedEvents((await s.dock(["up", "-d", "--json"], { code: 5 })).stdout);
    expect(bad.at(-1)).toMatchObject({ type: "result", ok: false, error: { code: "not-ready" } });
    await s.declare({ services: { web: { image: "" } } });
    const invalid = printedEvents((await s.dock(["up", "-d", "--json"], { code: 2 })).stdout);
    expect(invalid).toMatchObject([{ type: "result", ok: false, error: { code: "invalid-project" } }]);
    await s.declare({ services: { web: IDLE } });
  });
});
