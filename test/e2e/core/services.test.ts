import { chown, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { freePort, IDLE, type Scenario, scenario } from "../../support/scenario.ts";

interface Inspection {
  readonly Config: Readonly<Record<string, unknown>> & { readonly Labels: Readonly<Record<string, string>> };
  readonly HostConfig: Readonly<Record<string, unknown>>;
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, { readonly Aliases: readonly string[] }>> };
}

async function inspect(s: Scenario, slot: string): Promise<Inspection> {
  return s.engine.get<Inspection>(`/containers/${(await s.ids())[slot]}/json`);
}

/** Brings a project up; doing so again changes nothing. */
async function upAndSettled(s: Scenario, project: Readonly<Record<string, unknown>>): Promise<void> {
  await s.declare(project);
  await s.dock(["up", "-d"]);
  expect(await s.planned()).toEqual([]);
}

describe("what the file says of a service", () => {
  scenario("reaches its container, and stays true", async ({ s }) => {
    await s.write({ "some.env": "FROM_FILE=yes\nLEVEL=file\n", "conf/app.conf": "conf\n" });
    await upAndSettled(s, {
      services: {
        web: {
          image: "busybox:latest",
          entrypoint: ["sh", "-c"],
          command: ["sleep 3600"],
          stop_signal: "SIGKILL",
          stop_grace_period: "3s",
          environment: { LEVEL: "debug", EMPTY: "", QUOTED: 'a "b" $$c' },
          env_file: ["./some.env"],
          hostname: "webhost",
          domainname: "example.test",
          user: "1000:1000",
          working_dir: "/work",
          labels: { "com.example.team": "shop" },
          container_name: `${s.project}-named`,
          extra_hosts: ["other:10.9.8.7"],
          dns: ["9.9.9.9"],
          dns_search: ["example.test"],
          cap_add: ["NET_ADMIN"],
          cap_drop: ["CHOWN"],
          read_only: true,
          tmpfs: ["/scratch:size=1m"],
          shm_size: "8m",
          ulimits: { nofile: { soft: 512, hard: 1024 } },
          sysctls: { "net.ipv4.ip_unprivileged_port_start": "0" },
          restart: "on-failure:3",
          expose: ["9000"],
          ports: [`${await freePort()}:80/udp`],
          security_opt: ["no-new-privileges"],
          group_add: ["2000"],
          stdin_open: true,
          logging: { driver: "json-file", options: { "max-size": "1m" } },
          mounts: [
            "./conf:/conf:ro",
            { type: "volume", source: "data", target: "/data", volume: { nocopy: true } },
            { type: "tmpfs", target: "/tmpfs", tmpfs: { size: "2m", mode: "1770" } },
          ],
        },
      },
      volumes: { data: { labels: { kind: "data" } } },
    });
    const { Config, HostConfig } = await inspect(s, "web/1");
    expect(Config).toMatchObject({
      Entrypoint: ["sh", "-c"],
      Cmd: ["sleep 3600"],
      StopSignal: "SIGKILL",
      Hostname: "webhost",
      Domainname: "example.test",
      User: "1000:1000",
      WorkingDir: "/work",
      OpenStdin: true,
    });
    expect(Config["Env"]).toEqual(
      expect.arrayContaining(["LEVEL=debug", "EMPTY=", 'QUOTED=a "b" $c', "FROM_FILE=yes"]),
    );
    expect(HostConfig).toMatchObject({
      RestartPolicy: { Name: "on-failure", MaximumRetryCount: 3 },
      ReadonlyRootfs: true,
      ShmSize: 8 * 1024 * 1024,
      Dns: ["9.9.9.9"],
      GroupAdd: ["2000"],
      LogConfig: { Type: "json-file", Config: { "max-size": "1m" } },
      ExtraHosts: ["other:10.9.8.7"],
    });
    expect(await s.inside("web", "sh", "-c", "id -u; pwd; cat /conf/app.conf; hostname; stat -c %a /tmpfs")).toBe(
      "1000\n/work\nconf\nwebhost\n1770",
    );
    await s.dock(["exec", "web", "touch", "/conf/new"], { code: 1 });
    expect((await s.dock(["ps", "--json"])).stdout).toContain(`"${s.project}-named"`);
  });

  scenario("keeps values of the environment out of labels", async ({ s }) => {
    const secret = "correct horse battery staple";
    await s.write({ ".env": `TOKEN=${secret}\n` });
    await s.declare({ services: { web: { ...IDLE, environment: { API_TOKEN: "${TOKEN}", LEVEL: "info" } } } });
    await s.dock(["up", "-d"]);
    const { Config } = await inspect(s, "web/1");
    expect(JSON.stringify(Config.Labels)).not.toContain(secret);
    expect(JSON.stringify(Config.Labels)).not.toContain("info");
    await s.write({ ".env": `TOKEN=${secret}!\n` });
    expect(await s.planned()).toEqual([
      "container.replace service:web/1: config-changed environment.API_TOKEN (hidden) → (hidden)",
    ]);
    const { stdout, stderr } = await s.dock(["up", "-d", "--json"]);
    expect(stdout + stderr).not.toContain("horse");
  });

  scenario("lets services find each other by name and alias on their networks only", async ({ s }) => {
    const serve = { ...IDLE, command: ["httpd", "-f", "-p", "80", "-h", "/etc"] };
    await upAndSettled(s, {
      services: {
        web: { ...IDLE, networks: ["front", "back"] },
        db: { ...serve, networks: { back: { aliases: ["database"] } } },
        alone: { ...IDLE, networks: ["front"] },
        none: { ...IDLE, network_mode: "none" },
      },
      networks: { front: {}, back: { internal: true, labels: { kind: "back" } } },
    });
    expect(await s.inside("web", "wget", "-qO-", "http://db/hostname")).not.toBe("");
    expect(await s.inside("web", "wget", "-qO-", "http://database/hostname")).not.toBe("");
    expect((await s.run(["exec", "alone", "wget", "-T", "2", "-qO-", "http://db/hostname"])).code).not.toBe(0);
    expect(Object.keys((await inspect(s, "web/1")).NetworkSettings.Networks).toSorted()).toEqual([
      `${s.project}_back`,
      `${s.project}_front`,
    ]);
  });

  scenario("runs a service as the caller, whose files it then makes", async ({ s }) => {
    await mkdir(join(s.directory, "out"));
    if (process.getuid?.() === 0) await chown(join(s.directory, "out"), 0, 0);
    await upAndSettled(s, { services: { web: { ...IDLE, user: "host", mounts: ["./out:/out"] } } });
    await s.inside("web", "touch", "/out/made");
    const { uid, gid } = await stat(join(s.directory, "out/made"));
    expect([uid, gid]).toEqual([process.getuid?.(), process.getgid?.()]);
  });

  scenario("publishes on the loopback address unless it names another", async ({ s }) => {
    const [near, far] = [await freePort(), await freePort()];
    await upAndSettled(s, { services: { web: { ...IDLE, ports: [`${near}:80`, `0.0.0.0:${far}:81`] } } });
    expect((await inspect(s, "web/1")).HostConfig["PortBindings"]).toEqual({
      "80/tcp": [{ HostIp: "127.0.0.1", HostPort: String(near) }],
      "81/tcp": [{ HostIp: "0.0.0.0", HostPort: String(far) }],
    });
  });
});

describe("changes around a service", () => {
  scenario("a port moves from one service to the other", async ({ s }) => {
    const [one, two, three] = [await freePort(), await freePort(), await freePort()];
    const on = (port: number): object => ({ ...IDLE, ports: [`${port}:80`] });
    await s.declare({ services: { a: on(one), b: on(two) } });
    await s.dock(["up", "-d"]);
    await upAndSettled(s, { services: { a: on(three), b: on(one) } });
    await upAndSettled(s, { services: { a: on(one), b: on(two) } });
  });

  scenario("a network's definition changes under its containers", async ({ s }) => {
    await s.declare({ services: { a: IDLE, b: { ...IDLE, mounts: ["/data"] } } });
    await s.dock(["up", "-d"]);
    await s.inside("b", "touch", "/data/kept");
    await upAndSettled(s, {
      services: { a: IDLE, b: { ...IDLE, mounts: ["/data"] } },
      networks: { default: { internal: true } },
    });
    expect(await s.inside("b", "ls", "/data")).toBe("kept");
  });

  scenario("a container is renamed, a project's name is another", async ({ s }) => {
    await s.declare({ services: { a: IDLE } });
    await s.dock(["up", "-d"]);
    const before = await s.ids();
    const second = `${s.project}-second`;
    await s.dock(["-p", second, "up", "-d"]);
    expect(await s.ids()).toEqual(before);
    await s.dock(["-p", second, "down", "-v"]);
    expect(await s.ids()).toEqual(before);
    await upAndSettled(s, { services: { a: { ...IDLE, container_name: `${s.project}-other` } } });
    expect((await s.containers())["a/1"]?.Names).toEqual([`/${s.project}-other`]);
    expect(Object.keys(await s.ids())).toEqual(["a/1"]);
  });

  scenario("everything that dock remembers on this machine is deleted", async ({ s }) => {
    await s.write({ "app/Dockerfile": 'FROM busybox:latest\nCOPY file /\nCMD ["sleep", "3600"]\n', "app/file": "1\n" });
    await s.declare({
      images: { app: { context: "app" } },
      services: { app: { image: "app", stop_signal: "SIGKILL" }, db: IDLE },
    });
    await s.dock(["up", "-d"]);
    await s.forget();
    expect((await s.dock(["up", "-d"])).mutations).toEqual([]);
    await s.forget();
    await s.write({ "app/file": "2\n" });
    expect(await s.planned()).toEqual([
      "image.build image:app: inputs-changed",
      "container.replace service:app/1: image-rebuilt app sha256:… → (none)",
    ]);
    await s.dock(["up", "-d"]);
  });

  scenario("tags of an image that runs are removed", async ({ s }) => {
    await s.write({ "app/Dockerfile": 'FROM busybox:latest\nRUN true\nCMD ["sleep", "3600"]\n' });
    await s.declare({
      images: { app: { context: "app" } },
      services: { app: { image: "app", stop_signal: "SIGKILL" } },
    });
    await s.dock(["up", "-d"]);
    const before = await s.ids();
    const untag = async (): Promise<void> => {
      const tags = (await s.engine.images()).flatMap(({ RepoTags }) => RepoTags ?? []);
      for (const tag of tags)
        if (tag.startsWith(s.project)) await s.engine.remove(`/images/${encodeURIComponent(tag)}?force=1`);
    };
    await untag();
    const again = await s.dock(["up", "-d"]);
    expect(again.builderCalled).toBe(false);
    expect(await s.ids()).toEqual(before);
    expect(await s.planned()).toEqual([]);
    // Of a container that does not run the engine takes the image itself away.
    await s.engine.post(`/containers/${before["app/1"]}/kill`);
    await untag();
    await s.dock(["up", "-d"]);
    expect(await s.planned()).toEqual([]);
    expect((await s.containers())["app/1"]?.State).toBe("running");
  });
});

describe("what has to be ready", () => {
  scenario("answers http, listens on tcp, or logs a line", async ({ s }) => {
    await upAndSettled(s, {
      services: {
        http: {
          ...IDLE,
          command: ["sh", "-c", "sleep 1; exec httpd -f -p 3000 -h /etc"],
          ready: "http :3000/hostname",
        },
        tcp: { ...IDLE, command: ["sh", "-c", "sleep 1; exec httpd -f -p 5432"], ready: "tcp 5432" },
        log: {
          ...IDLE,
          command: ["sh", "-c", "sleep 1; echo now listening; exec sleep 3600"],
          ready: "log /listening/",
        },
        late: { ...IDLE, depends_on: ["log"] },
      },
    });
    await s.declare({ services: { tcp: { ...IDLE, ready: "tcp 5432" } } });
    const failed = await s.dock(["up", "-d", "--wait-timeout", "1s"], { code: 5 });
    expect(failed.stderr).toMatch(/service tcp was not ready after/);
  });

  scenario("is a task, which runs once for each change of its inputs", async ({ s }) => {
    await s.write({
      "job/Dockerfile": "FROM busybox:latest\nCOPY input /\nCMD cat /input >> /out/log\n",
      "job/input": "1\n",
    });
    await mkdir(join(s.directory, "out"));
    await s.declare({
      images: { job: { context: "job" } },
      services: { job: { image: "job", task: true, mounts: ["./out:/out"] }, web: { ...IDLE, depends_on: ["job"] } },
    });
    await s.dock(["up", "-d"]);
    await s.dock(["up", "-d"]);
    expect(await s.read("out/log")).toBe("1\n");
    await s.write({ "job/input": "2\n" });
    await s.dock(["up", "-d"]);
    expect((await s.dock(["up", "-d"])).mutations).toEqual([]);
    expect(await s.read("out/log")).toBe("1\n2\n");
  });
});
