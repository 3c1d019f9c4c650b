import { rename } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { freePort, IDLE, type Run, type Scenario, scenario } from "../../support/scenario.ts";

/** A run that refused without touching anything. */
async function refused(s: Scenario, args: readonly string[], code: number): Promise<Run> {
  const run = await s.dock(args, { code });
  expect(run.mutations).toEqual([]);
  expect(run.builderCalled).toBe(false);
  return run;
}

describe("what the file names and is not there", () => {
  scenario("is an error with its place, before anything is touched", async ({ s }) => {
    const good = { web: IDLE };
    const cases: readonly [Record<string, unknown>, RegExp][] = [
      [{ services: { ...good, api: { ...IDLE, mounts: ["./nowhere:/data"] } } }, /service api mounts .*\/nowhere/],
      [{ services: { ...good, api: { ...IDLE, env_file: ["./no.env"] } } }, /env_file .*\/no\.env of service api/],
      [
        { images: { app: { context: "./nowhere" } }, services: { ...good, api: { image: "app" } } },
        /context of image app/,
      ],
      [{ images: { app: { context: "." } }, services: { ...good, api: { image: "app" } } }, /Dockerfile of image app/],
    ];
    for (const [project, message] of cases) {
      await s.declare(project);
      for (const args of [["up", "-d"], ["plan"], ["validate"]]) {
        const run = await refused(s, args, 2);
        expect(run.stderr).toMatch(message);
        expect(run.stderr).toMatch(/dock\.yaml:\d+:\d+/);
      }
    }
    expect(await s.containers()).toEqual({});
  });

  scenario("is no hindrance to services that do without it", async ({ s }) => {
    await s.declare({ services: { web: IDLE, api: { ...IDLE, mounts: ["./nowhere:/data"] } } });
    await s.dock(["up", "-d", "web"]);
    expect(Object.keys(await s.containers())).toEqual(["web/1"]);
    await s.declare({
      services: { api: { ...IDLE, env_file: [{ path: "./no.env", required: false }] }, web: IDLE },
    });
    await s.dock(["up", "-d"]);
  });
});

describe("somebody else's object", () => {
  scenario("with a container's name is in the way, and named with its owner", async ({ s }) => {
    await s.declare({ services: { web: IDLE, db: IDLE } });
    const name = `${s.project}-web-1`;
    const { Id } = await s.engine.post<{ Id: string }>(`/containers/create?name=${name}`, {
      Image: "busybox:latest",
      Labels: { "com.docker.compose.project": "their-shop" },
    });
    const run = await refused(s, ["up", "-d"], 6);
    expect(run.stderr).toMatch(new RegExp(`${name}.*Compose project "their-shop"`));
    await refused(s, ["plan"], 6);
    await s.dock(["down", "-v"]);
    expect((await s.engine.containers()).map((container) => container.Id)).toContain(Id);
    await s.engine.remove(`/containers/${Id}`);
    await s.dock(["up", "-d"]);
  });

  scenario("with a network's or a volume's name is in the way and left alone", async ({ s }) => {
    await s.declare({ services: { db: { ...IDLE, mounts: ["data:/data"] } }, volumes: { data: {} } });
    const network = await s.engine.post<{ Id: string }>("/networks/create", { Name: `${s.project}_default` });
    const first = await refused(s, ["up", "-d"], 6);
    expect(first.stderr).toMatch(new RegExp(`network "${s.project}_default" belongs to nobody that dock knows`));
    await s.engine.remove(`/networks/${network.Id}`);
    await s.engine.post("/volumes/create", {
      Name: `${s.project}_data`,
      Labels: { "dev.dock.project": "their-shop", "dev.dock.file": "/theirs/dock.yaml" },
    });
    const second = await refused(s, ["up", "-d"], 6);
    expect(second.stderr).toMatch(/volume ".*_data" belongs to dock project "their-shop" \(\/theirs\/dock\.yaml\)/);
    await s.dock(["down", "-v"]);
    expect((await s.engine.volumes()).map(({ Name }) => Name)).toContain(`${s.project}_data`);
    await s.engine.remove(`/volumes/${s.project}_data`);
  });

  scenario("is another checkout's of the same project name, until that checkout is gone", async ({ s }) => {
    const project = { services: { web: IDLE } };
    await s.declare(project);
    await s.write({ "other/dock.yaml": JSON.stringify({ name: s.project, ...project }) });
    await s.dock(["up", "-d"], { cwd: "other" });
    const before = await s.ids();
    const run = await refused(s, ["up", "-d"], 6);
    expect(run.stderr).toContain(`${s.directory}/other/dock.yaml`);
    await s.dock(["down"]);
    expect(await s.ids()).toEqual(before);
    await rename(join(s.directory, "other"), join(s.directory, "moved"));
    const moved = await s.dock(["up", "-d"], { cwd: "moved" });
    expect(moved.stderr).toContain("taking over");
    expect(await s.ids()).toEqual(before);
    await s.dock(["down"], { cwd: "moved" });
    expect(await s.ids()).toEqual({});
  });

  scenario("that was declared external is used and never removed", async ({ s }) => {
    const names = { network: `${s.project}-theirs`, volume: `${s.project}-theirs` };
    await s.declare({
      services: { web: { ...IDLE, networks: ["theirs"], mounts: ["theirs:/data"] } },
      networks: { theirs: { external: true, name: names.network } },
      volumes: { theirs: { external: true, name: names.volume } },
    });
    const missing = await refused(s, ["up", "-d"], 6);
    expect(missing.stderr).toMatch(/declared external/);
    const network = await s.engine.post<{ Id: string }>("/networks/create", { Name: names.network });
    await s.engine.post("/volumes/create", { Name: names.volume });
    await s.dock(["up", "-d"]);
    await s.dock(["down", "-v"]);
    expect((await s.engine.networks()).map(({ Id }) => Id)).toContain(network.Id);
    await s.engine.remove(`/networks/${network.Id}`);
    await s.engine.raw("DELETE", `/volumes/${names.volume}`);
  });
});

describe("a port that is held", () => {
  scenario("by another project is named with its holder and the service", async ({ s }) => {
    const port = await freePort();
    const { Id } = await s.engine.post<{ Id: string }>(`/containers/create?name=${s.project}x-holder`, {
      Image: "busybox:latest",
      Cmd: ["sleep", "3600"],
      HostConfig: { PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: String(port) }] } },
      ExposedPorts: { "80/tcp": {} },
    });
    await s.engine.post(`/containers/${Id}/start`);
    await s.declare({ services: { web: { ...IDLE, ports: [`${port}:80`] }, db: IDLE } });
    const run = await refused(s, ["up", "-d"], 6);
    expect(run.stderr).toMatch(new RegExp(`web.*${port}|${port}.*web`));
    expect(run.stderr).toContain(`${s.project}x-holder`);
    await s.engine.remove(`/containers/${Id}?force=1`);
    await s.dock(["up", "-d"]);
  });

  scenario("by a process of this machine is named with the service", async ({ s }) => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const address = server.address();
      const port = typeof address === "object" ? address?.port : undefined;
      await s.declare({ services: { web: { ...IDLE, ports: [`${port}:80`] } } });
      const run = await refused(s, ["up", "-d"], 6);
      expect(run.stderr).toMatch(new RegExp(`web.*${port}|${port}.*web`));
    } finally {
      server.close();
    }
  });
});

describe("the command line", () => {
  scenario("that has a mistake is refused with a guess, and no engine is asked", async ({ s }) => {
    await s.declare({ images: { app: { context: "." } }, services: { web: IDLE, db: IDLE } });
    await s.write({ Dockerfile: "FROM busybox:latest\n" });
    const cases: readonly [readonly string[], string][] = [
      [["biuld"], 'did you mean "dock build"?'],
      [["up", "--detatch"], "--detach"],
      [["up", "wbe"], 'did you mean "web"?'],
      [["build", "ap"], 'did you mean "app"?'],
      [["logs", "wbe"], 'did you mean "web"?'],
      [["exec", "wbe", "true"], 'did you mean "web"?'],
      [["context", "ap"], 'did you mean "app"?'],
      [["context", "production"], "docker context"],
      [["up", "--wait-timeout", "soon"], "soon"],
      [["logs", "--tail", "few"], "few"],
      [["--parallel", "0", "up"], "parallel"],
      [["-f", "other.yaml", "up"], "other.yaml"],
      [["exec", "web"], "command"],
      [["down", "web", "-x"], "-x"],
      [["up", "--var", "novalue"], "novalue"],
    ];
    for (const [args, hint] of cases) {
      const run = await s.dock(args, { code: 2, host: "unix:///nowhere/docker.sock" });
      expect(run.stderr, args.join(" ")).toContain(hint);
      expect(run.stdout, args.join(" ")).toBe("");
    }
  });

  scenario("needs an engine only where one is needed, and says when there is none", async ({ s }) => {
    await s.declare({ services: { web: IDLE } });
    const host = "unix:///nowhere/docker.sock";
    for (const args of [["up", "-d"], ["plan"], ["ps"], ["down"], ["logs"]]) {
      const run = await s.dock(args, { host, code: 3 });
      expect(run.stderr, args.join(" ")).toContain("/nowhere/docker.sock");
    }
    for (const args of [["validate"], ["config"], ["--help"], ["up", "--help"], ["version"]])
      await s.dock(args, { host });
    await s.dock(["-H", s.proxy.host, "ps"], { host });
    const tcp = await s.dock(["ps"], { host: "tcp://127.0.0.1:1", code: 3 });
    expect(tcp.stderr).toContain("127.0.0.1:1");
  });

  scenario("without a project file says where it looked", async ({ s }) => {
    const run = await s.dock(["up"], { code: 2 });
    expect(run.stderr).toMatch(/dock\.yaml/);
    await s.declare({ services: { web: IDLE } });
    await s.write({ "deep/er/file": "" });
    await s.dock(["config", "--services"], { cwd: "deep/er" });
  });
});
