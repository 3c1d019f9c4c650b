import { describe, expect } from "vitest";
import { freePort, IDLE, type Scenario, scenario } from "../../support/scenario.ts";
import { type PrintedPlan, printedEvents } from "../../support/scenario-plan.ts";

async function json<T>(s: Scenario, ...args: readonly string[]): Promise<T> {
  return JSON.parse((await s.dock([...args, "--json"])).stdout) as T;
}

/** A project with an image, a port, a volume and a service that is down. */
async function openShop(s: Scenario): Promise<number> {
  const port = await freePort();
  await s.write({
    "web/Dockerfile": 'FROM busybox:latest\nRUN echo 1 > /one\nCOPY . /www\nCMD ["sleep", "3600"]\n',
    "web/index.html": "hello\n",
    "web/notes.txt": "not for the image\n",
    "web/.dockerignore": "Dockerfile\n*.txt\n.dockerignore\n",
  });
  await s.declare({
    vars: { LEVEL: "info" },
    images: { web: { context: "web", args: { VERSION: "1" } } },
    services: {
      web: { image: "web", stop_signal: "SIGKILL", ports: [`${port}:80`], environment: { LEVEL: "${LEVEL}" } },
      db: { ...IDLE, mounts: ["data:/data"] },
    },
    volumes: { data: {} },
  });
  return port;
}

describe("plan", () => {
  scenario("is the same before an up as what up does, in the documented form", async ({ s }) => {
    await openShop(s);
    const plan = await json<PrintedPlan>(s, "plan");
    expect(plan).toMatchObject({ format: "dock.plan/1", project: s.project, unchanged: [] });
    for (const { id, kind, target } of plan.actions) expect(id).toBe(`${kind} ${target}`);
    expect(plan.actions.map(({ id, after }) => [id, ...after].join(" < "))).toEqual([
      "image.build image:web",
      "network.create network:default",
      "volume.create volume:data",
      "container.create service:db/1 < network.create network:default < volume.create volume:data",
      "container.start service:db/1 < container.create service:db/1",
      "container.wait service:db/1 < container.start service:db/1",
      "container.create service:web/1 < image.build image:web < network.create network:default",
      "container.start service:web/1 < container.create service:web/1",
      "container.wait service:web/1 < container.start service:web/1",
    ]);
    for (const { reasons } of plan.actions) expect(reasons.length).toBeGreaterThan(0);
    await s.dock(["plan", "--detailed-exitcode"], { code: 10 });
    const { mutations } = await s.dock(["plan"]);
    expect(mutations).toEqual([]);

    const events = printedEvents((await s.dock(["up", "-d", "--json"])).stdout);
    expect(events[0]).toEqual({ v: 1, type: "plan", plan });
    expect(events.at(-1)).toMatchObject({ type: "result", ok: true });
    const done = events.flatMap(({ type, id }) => (type === "action-done" && id ? [id] : []));
    expect(done.toSorted()).toEqual(plan.actions.map(({ id }) => id).toSorted());
    const after = await json<PrintedPlan>(s, "plan");
    expect(after.actions).toEqual([]);
    expect(after.unchanged).toEqual(["image:web", "network:default", "service:db/1", "service:web/1", "volume:data"]);
    await s.dock(["plan", "--detailed-exitcode"]);
    const down = await json<PrintedPlan>(s, "plan", "--down");
    expect(down.actions.map(({ kind }) => kind).toSorted()).toEqual([
      "container.remove",
      "container.remove",
      "container.stop",
      "container.stop",
      "network.remove",
    ]);
  });
});

describe("ps", () => {
  scenario("lists containers with their state, ports and whether they are what the file wants", async ({ s }) => {
    const port = await openShop(s);
    expect(await json(s, "ps")).toEqual([]);
    await s.dock(["up", "-d"]);
    const ids = await s.ids();
    expect(await json(s, "ps")).toEqual([
      {
        service: "db",
        number: 1,
        name: `${s.project}-db-1`,
        id: ids["db/1"],
        image: "busybox:latest",
        state: "running",
        ports: [],
        upToDate: true,
      },
      {
        service: "web",
        number: 1,
        name: `${s.project}-web-1`,
        id: ids["web/1"],
        image: expect.stringMatching(new RegExp(`^${s.project}-web:in-[0-9a-f]{64}$`)) as string,
        state: "running",
        ports: [{ host: "127.0.0.1", hostPort: port, port: 80, protocol: "tcp" }],
        upToDate: true,
      },
    ]);
    expect((await s.dock(["ps", "-q"])).stdout).toBe(`${ids["db/1"]}\n${ids["web/1"]}\n`);
    await s.write({ "web/index.html": "changed\n" });
    await s.engine.post(`/containers/${ids["db/1"]}/kill`);
    expect(await json(s, "ps")).toMatchObject([
      { service: "db", state: "exited", exitCode: 137, upToDate: false },
      { service: "web", state: "running", upToDate: false },
    ]);
    expect((await s.dock(["ps"])).stdout).toMatch(/web-1 +web .*127\.0\.0\.1:\d+→80/);
  });
});

describe("context and history", () => {
  scenario("list what goes into an image and what came out", async ({ s }) => {
    await openShop(s);
    const size = (text: string): number => Buffer.byteLength(text);
    expect(await json(s, "context", "web")).toEqual({
      image: "web",
      root: `${s.directory}/web`,
      files: [{ path: "index.html", size: size("hello\n"), mode: 0o644 }],
      totalBytes: size("hello\n"),
      suspects: [],
      savings: [],
    });
    expect((await s.dock(["context", "web"])).stdout).toContain("index.html");
    const unbuilt = await s.dock(["history", "web"], { code: 1 });
    expect(unbuilt.stderr).toContain("dock build web");
    await s.dock(["build"]);
    const { layers } = await json<{ layers: readonly { createdBy: string; size: number }[] }>(s, "history", "web");
    expect(layers.slice(0, 3).map(({ createdBy }) => createdBy)).toEqual([
      expect.stringContaining("sleep"),
      expect.stringContaining("COPY"),
      expect.stringContaining("echo 1 > /one"),
    ]);
    expect(layers.map((layer) => layer.size).slice(0, 3)).toEqual([0, size("hello\n"), 2]);
    expect((await s.dock(["history", "busybox"])).stdout).toMatch(/MB/);
    expect((await s.dock(["history", "wbe"], { code: 2 })).stderr).toContain('did you mean "web"?');
  });
});

describe("config, validate and version", () => {
  scenario("tell how the file is understood and what is wrong with it", async ({ s }) => {
    await openShop(s);
    const config = await json<{ name: string; services: Record<string, { environment: object }> }>(
      s,
      "config",
      "--var",
      "LEVEL=debug",
    );
    expect(config).toMatchObject({ name: s.project, services: { web: { environment: { LEVEL: "debug" } } } });
    expect((await s.dock(["config"], { env: { LEVEL: "warn" } })).stdout).toMatch(/LEVEL: warn/);
    expect((await s.dock(["config", "--services"])).stdout).toBe("db\nweb\n");
    expect(await json(s, "validate")).toEqual({ ok: true, diagnostics: [] });
    await s.write({ "dock.yaml": "services:\n  web:\n    imag: busybox\n    ports: [nine]\n  db: {}\n" });
    const bad = JSON.parse((await s.dock(["validate", "--json"], { code: 2 })).stdout) as {
      ok: boolean;
      diagnostics: readonly object[];
    };
    expect(bad.ok).toBe(false);
    const place = { severity: "error", file: "dock.yaml" };
    expect(bad.diagnostics).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ ...place, line: 3, column: 5, hint: expect.stringContaining("image") as string }),
        expect.objectContaining({ ...place, line: 4 }),
        expect.objectContaining({ ...place, line: 5 }),
      ]),
    );
    const shown = await s.dock(["validate"], { code: 2 });
    expect(shown.stderr).toMatch(/dock\.yaml:3:5[^]*\^/);
    await openShop(s);
    const version = await json<{ version: string; engine: { apiVersion: string } }>(s, "version");
    expect(version).toMatchObject({ version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string });
    expect(version.engine.apiVersion).toMatch(/^1\.\d+$/);
  });
});
