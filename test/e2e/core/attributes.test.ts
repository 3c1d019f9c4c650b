import { createServer } from "node:net";
import { describe, expect } from "vitest";
import { IDLE, type Scenario, scenario } from "../../support/scenario.ts";

/** What an inspection tells of a container, as the engine writes it. */
interface Inspected {
  readonly Id: string;
  readonly Config: Readonly<Record<string, unknown>>;
  readonly HostConfig: Readonly<Record<string, unknown>>;
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
  readonly State: { readonly Pid: number; readonly Status: string };
}

async function inspect(s: Scenario, service: string): Promise<Inspected> {
  const id = (await s.ids())[`${service}/1`] ?? "";
  return s.engine.get(`/containers/${id}/json`);
}

/** API version of the engine, as a number to compare by: 1.48 is 148. */
async function api(s: Scenario): Promise<number> {
  const { ApiVersion } = await s.engine.get<{ readonly ApiVersion: string }>("/version");
  const [, minor = "0"] = ApiVersion.split(".");
  return 100 + Number(minor);
}

/** A second `up` finds nothing to change. */
async function expectAtRest(s: Scenario): Promise<void> {
  const before = await s.ids();
  const { mutations } = await s.dock(["up", "-d"]);
  expect(mutations).toEqual([]);
  expect(await s.ids()).toEqual(before);
  expect(await s.planned()).toEqual([]);
}

describe("a container", () => {
  scenario("is made as the file says, property by property", async ({ s }) => {
    const annotations = (await api(s)) >= 143 ? { annotations: { "com.example.note": "hello" } } : {};
    await s.write({ "conf/app.ini": "x\n" });
    await s.declare({
      services: {
        web: {
          ...IDLE,
          entrypoint: [],
          environment: { LEVEL: "debug", EMPTY: "" },
          user: "1000:1000",
          working_dir: "/tmp",
          labels: { "com.example.team": "web" },
          tty: true,
          stdin_open: true,
          init: true,
          stop_grace_period: "1500ms",
          healthcheck: { test: ["CMD", "true"], interval: "1s", timeout: "2s", retries: 4, start_period: "3s" },
          restart: "on-failure:3",
          logging: { driver: "json-file", options: { "max-size": "1m" } },
          runtime: "runc",
          ...annotations,
          group_add: ["10"],
          expose: ["9000"],
          ports: ["127.0.0.1::80"],
          hostname: "inner",
          domainname: "example.org",
          extra_hosts: ["mirror:10.0.0.5"],
          dns: ["10.0.0.1"],
          dns_search: ["example.org"],
          dns_opt: ["ndots:2"],
          mac_address: "02:42:0a:63:00:05",
          networks: { back: { aliases: ["www"], ipv4_address: "10.99.7.5", priority: 10 }, front: null },
          mounts: [
            { type: "bind", source: "./conf", target: "/conf", read_only: true, bind: { propagation: "rprivate" } },
            "./conf:/labeled:z,ro",
            { type: "bind", source: "./made", target: "/made", bind: { create_host_path: true } },
            { type: "volume", source: "data", target: "/data", volume: { nocopy: true } },
            { type: "tmpfs", target: "/scratch", tmpfs: { size: "1m", mode: "1770" } },
          ],
          tmpfs: ["/run"],
          cap_add: ["NET_ADMIN"],
          cap_drop: ["CHOWN"],
          read_only: true,
          security_opt: ["no-new-privileges:true"],
          sysctls: { "net.ipv4.ip_unprivileged_port_start": 80 },
          ipc: "shareable",
          cgroup: "private",
          userns_mode: "host",
          shm_size: "8m",
          ulimits: { nofile: { soft: 100, hard: 200 } },
          oom_score_adj: 300,
          devices: ["/dev/null:/dev/nothing:r"],
          device_cgroup_rules: ["c 1:5 r"],
          resources: {
            cpus: 0.5,
            cpuset: "0",
            cpu_shares: 512,
            memory: "64m",
            memory_reservation: "32m",
            memory_swap: "128m",
            pids: 50,
          },
        },
      },
      networks: { back: { internal: true, ipam: { config: [{ subnet: "10.99.7.0/24" }] } }, front: {} },
      volumes: { data: {} },
    });
    await s.dock(["up", "-d"]);
    const { Config, HostConfig, NetworkSettings } = await inspect(s, "web");
    expect(Config).toMatchObject({
      User: "1000:1000",
      WorkingDir: "/tmp",
      Hostname: "inner",
      Domainname: "example.org",
      Tty: true,
      OpenStdin: true,
      StopTimeout: 2,
      StopSignal: "SIGKILL",
      Cmd: ["sleep", "3600"],
      Healthcheck: { Test: ["CMD", "true"], Interval: 1e9, Timeout: 2e9, Retries: 4, StartPeriod: 3e9 },
    });
    expect(Config["Env"]).toEqual(expect.arrayContaining(["LEVEL=debug", "EMPTY="]));
    expect(Config["Labels"]).toMatchObject({ "com.example.team": "web", "dev.dock.service": "web" });
    expect(Object.keys(Config["ExposedPorts"] as object).toSorted()).toEqual(["80/tcp", "9000/tcp"]);
    expect(HostConfig).toMatchObject({
      Init: true,
      RestartPolicy: { Name: "on-failure", MaximumRetryCount: 3 },
      LogConfig: { Type: "json-file", Config: { "max-size": "1m" } },
      Runtime: "runc",
      GroupAdd: ["10"],
      ExtraHosts: ["mirror:10.0.0.5"],
      Dns: ["10.0.0.1"],
      DnsSearch: ["example.org"],
      DnsOptions: ["ndots:2"],
      ReadonlyRootfs: true,
      SecurityOpt: ["no-new-privileges:true"],
      Sysctls: { "net.ipv4.ip_unprivileged_port_start": "80" },
      IpcMode: "shareable",
      CgroupnsMode: "private",
      UsernsMode: "host",
      ShmSize: 8 * 1024 ** 2,
      OomScoreAdj: 300,
      Devices: [{ PathOnHost: "/dev/null", PathInContainer: "/dev/nothing", CgroupPermissions: "r" }],
      DeviceCgroupRules: ["c 1:5 r"],
      NanoCpus: 5e8,
      CpusetCpus: "0",
      CpuShares: 512,
      Memory: 64 * 1024 ** 2,
      MemoryReservation: 32 * 1024 ** 2,
      PidsLimit: 50,
      ...("annotations" in annotations ? { Annotations: annotations.annotations } : {}),
    });
    expect(HostConfig["CapAdd"]).toEqual([expect.stringMatching(/^(CAP_)?NET_ADMIN$/)]);
    expect(HostConfig["CapDrop"]).toEqual([expect.stringMatching(/^(CAP_)?CHOWN$/)]);
    expect(HostConfig["Ulimits"]).toEqual(expect.arrayContaining([{ Name: "nofile", Soft: 100, Hard: 200 }]));
    expect(HostConfig["Binds"]).toEqual([`${s.directory}/conf:/labeled:ro,z`]);
    const networks = Object.fromEntries(
      Object.entries(NetworkSettings.Networks).map(([name, endpoint]) => [name.replace(s.project, "demo"), endpoint]),
    );
    expect(networks).toMatchObject({
      demo_back: { IPAMConfig: { IPv4Address: "10.99.7.5" }, MacAddress: "02:42:0a:63:00:05" },
      demo_front: {},
    });
    expect(await s.inside("web", "cat", "/sys/fs/cgroup/memory/memory.limit_in_bytes")).toBe(String(64 * 1024 ** 2));
    expect(await s.inside("web", "stat", "-c", "%a", "/scratch")).toBe("1770");
    await expectAtRest(s);
  });

  scenario("keeps running when its limits change, and gets the old ones back", async ({ s }) => {
    const declare = (more: object): Promise<void> => s.declare({ services: { web: { ...IDLE, ...more } } });
    const live = async (): Promise<unknown> => {
      const { Id, HostConfig } = await inspect(s, "web");
      const { NanoCpus, Memory, PidsLimit, RestartPolicy } = HostConfig;
      return { Id, NanoCpus, Memory, PidsLimit: PidsLimit ?? null, RestartPolicy };
    };
    const first = { resources: { memory: "64m", cpus: 0.5 } };
    await declare(first);
    await s.dock(["up", "-d"]);
    const before = await live();
    const { Id } = await inspect(s, "web");
    await declare({ resources: { memory: "96m", cpus: 1, pids: 40 }, restart: "always" });
    expect(await s.planned()).toEqual([
      "container.update service:web/1: config-changed resources.cpus 0.5 → 1; config-changed resources.memory 67108864 → 100663296; config-changed resources.pids (none) → 40; config-changed restart no → always",
    ]);
    await s.dock(["up", "-d"]);
    expect(await live()).toMatchObject({ Id, NanoCpus: 1e9, Memory: 96 * 1024 ** 2, PidsLimit: 40 });
    await expectAtRest(s);
    await declare(first);
    await s.dock(["up", "-d"]);
    expect(await live()).toMatchObject({ ...(before as object), PidsLimit: expect.toSatisfy((n) => (n ?? 0) <= 0) });
    await expectAtRest(s);
    await declare({});
    expect(await s.planned()).toEqual([
      "container.replace service:web/1: config-changed resources.cpus 0.5 → (none); config-changed resources.memory 67108864 → (none)",
    ]);
    await s.dock(["up", "-d"]);
    await expectAtRest(s);
  });
});

describe("a container that shares namespaces", () => {
  /** A server, and a container in its network, process and IPC namespaces. */
  const pod = (more: object = {}): Readonly<Record<string, unknown>> => ({
    services: {
      server: { ...IDLE, command: ["httpd", "-f", "-p", "8000", "-h", "/etc"], ipc: "shareable", ...more },
      side: { ...IDLE, network_mode: "service:server", pid: "service:server", ipc: "service:server" },
    },
  });
  const reaches = (s: Scenario): Promise<string> => s.inside("side", "wget", "-qO-", "http://127.0.0.1:8000/hostname");

  scenario("follows its owner through replacements, stops and failures", async ({ s }) => {
    await s.declare(pod());
    await s.dock(["up", "-d"]);
    const name = await reaches(s);
    expect(await s.inside("side", "ps")).toContain("httpd");
    await expectAtRest(s);

    await s.declare(pod({ environment: { A: "1" } }));
    expect(await s.planned()).toEqual([
      "container.replace service:server/1: config-changed environment.A (none) → 1",
      "container.replace service:side/1: dependency-replaced service:server/1",
    ]);
    await s.dock(["up", "-d"]);
    expect(await reaches(s)).not.toBe(name);
    await expectAtRest(s);

    await s.dock(["up", "-d", "--force-recreate", "server"]);
    await reaches(s);

    const { "server/1": server = "", "side/1": side } = await s.ids();
    await s.engine.post(`/containers/${server}/stop?t=0`);
    await s.dock(["up", "-d"]);
    await reaches(s);
    expect((await s.ids())["side/1"]).toBe(side);
    await expectAtRest(s);

    await s.declare(pod({ command: ["false"] }));
    await s.dock(["up", "-d"], { code: 5 });
    await reaches(s);
    expect(await s.ids()).toEqual({ "server/1": server, "side/1": side });
  });
});

describe("networks and volumes", () => {
  scenario(
    "are made as the file says; a changed network is made anew, a changed volume keeps its data",
    async ({ s }) => {
      const declare = (back: object, data: object): Promise<void> =>
        s.declare({
          services: {
            web: { ...IDLE, networks: ["back"], mounts: ["data:/data"] },
            other: { ...IDLE, networks: ["front"] },
          },
          networks: { back, front: {} },
          volumes: { data },
        });
      const ipam = {
        config: [
          {
            subnet: "10.99.8.0/24",
            ip_range: "10.99.8.128/25",
            gateway: "10.99.8.3",
            aux_addresses: { nas: "10.99.8.9" },
          },
        ],
      };
      await declare(
        { internal: true, attachable: true, driver_opts: { "com.docker.network.driver.mtu": 1400 }, ipam },
        {},
      );
      await s.dock(["up", "-d"]);
      const network = await s.engine.get<Readonly<Record<string, unknown>>>(`/networks/${s.project}_back`);
      expect(network).toMatchObject({
        Internal: true,
        Attachable: true,
        Options: { "com.docker.network.driver.mtu": "1400" },
        IPAM: {
          Config: [
            {
              Subnet: "10.99.8.0/24",
              IPRange: "10.99.8.128/25",
              Gateway: "10.99.8.3",
              AuxiliaryAddresses: { nas: "10.99.8.9" },
            },
          ],
        },
      });
      await s.inside("web", "sh", "-c", "echo kept > /data/file");
      await expectAtRest(s);

      const { "other/1": other } = await s.ids();
      await declare({}, { driver_opts: { type: "tmpfs", device: "tmpfs" } });
      const plan = await s.dock(["plan"]);
      expect(plan.stderr).toContain("volume data has changed in the file (driver_opts) and is kept as it was made");
      await s.dock(["up", "-d"]);
      expect((await s.engine.get<{ readonly Internal: boolean }>(`/networks/${s.project}_back`)).Internal).toBe(false);
      expect(await s.inside("web", "cat", "/data/file")).toBe("kept");
      expect((await s.ids())["other/1"]).toBe(other);
      await expectAtRest(s);
    },
  );

  scenario("that the file has no more go, unless somebody is on them", async ({ s }) => {
    const web = { ...IDLE, networks: ["back", "front"] };
    await s.declare({ services: { web }, networks: { back: {}, front: {} } });
    await s.dock(["up", "-d"]);
    const guest = `${s.project}-guest`;
    const { Id } = await s.engine.post<{ readonly Id: string }>(`/containers/create?name=${guest}`, {
      Image: "busybox:latest",
      Cmd: ["sleep", "3600"],
      HostConfig: { NetworkMode: `${s.project}_front` },
    });
    try {
      await s.engine.post(`/containers/${Id}/start`);
      await s.declare({ services: { web: { ...IDLE, networks: [] } } });
      await s.dock(["up", "-d"]);
      const names = (await s.engine.networks()).map(({ Name }) => Name).filter((name) => name.startsWith(s.project));
      expect(names).toEqual([`${s.project}_front`]);
      await expectAtRest(s);
    } finally {
      await s.engine.remove(`/containers/${Id}?force=1`);
    }
    await s.dock(["up", "-d"]);
    expect((await s.engine.networks()).filter(({ Name }) => Name.startsWith(s.project))).toEqual([]);
  });
});

describe("a host port that dock chooses", () => {
  scenario(
    "is free, stays over replacements and stops, and is another one when somebody has taken it",
    async ({ s }) => {
      const declare = (more: object = {}): Promise<void> =>
        s.declare({
          services: {
            web: { ...IDLE, command: ["httpd", "-f", "-p", "80", "-h", "/etc"], ports: ["auto:80"], ...more },
            other: { ...IDLE, ports: ["auto:80", "auto:81"] },
          },
        });
      const ports = async (service: string): Promise<readonly number[]> => {
        const { stdout } = await s.dock(["ps", "--json", service]);
        const [row] = JSON.parse(stdout) as readonly { readonly ports: readonly { readonly hostPort: number }[] }[];
        return (row?.ports ?? []).map(({ hostPort }) => hostPort);
      };
      await declare();
      await s.dock(["up", "-d"]);
      const [port = 0] = await ports("web");
      expect(new Set([port, ...(await ports("other"))]).size).toBe(3);
      await fetch(`http://127.0.0.1:${port}/hostname`);
      await expectAtRest(s);

      await declare({ environment: { A: "1" } });
      await s.dock(["up", "-d"]);
      expect(await ports("web")).toEqual([port]);
      await s.dock(["stop", "web"]);
      await s.dock(["up", "-d"]);
      expect(await ports("web")).toEqual([port]);

      await s.dock(["stop", "web"]);
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
      try {
        await s.dock(["up", "-d"]);
        const [second = 0] = await ports("web");
        expect(second).not.toBe(port);
        await fetch(`http://127.0.0.1:${second}/hostname`);
        await expectAtRest(s);
      } finally {
        await new Promise((resolve) => server.close(resolve));
      }
    },
  );
});

describe("secrets and configs", () => {
  const SECRET = "correct horse battery staple";

  /** Rights and content of a file in a container. */
  async function file(s: Scenario, service: string, path: string): Promise<string> {
    const rights = await s.inside(service, "stat", "-c", "%a %u:%g", path);
    return `${rights} ${await s.inside(service, "cat", path)}`;
  }

  scenario("are there when the process starts, and nothing else shows them", async ({ s }) => {
    await s.write({ "key.pem": "not a key\n", ".env": `TOKEN=${SECRET}\n` });
    // The process itself reads what it is given: later would be too late.
    const command = ["sh", "-c", "cat /run/secrets/token /etc/app/app.ini > /tmp/seen && exec sleep 3600"];
    const declare = (more: object = {}): Promise<void> =>
      s.declare({
        services: {
          web: {
            ...IDLE,
            command,
            user: "1000",
            secrets: ["token", { source: "key", target: "tls.key", uid: 1000, gid: "1001", mode: "0400" }],
            configs: ["plain", { source: "app", target: "/etc/app/app.ini" }],
          },
          sealed: {
            ...IDLE,
            command,
            read_only: true,
            tmpfs: ["/tmp", "/run"],
            secrets: ["token"],
            configs: [
              { source: "app", target: "/etc/app/app.ini" },
              { source: "app", target: "/etc/extra" },
            ],
          },
          hidden: { ...IDLE, tmpfs: "/run", secrets: ["token"] },
        },
        secrets: { token: { environment: "TOKEN" }, key: { file: "./key.pem" } },
        configs: { app: { content: "debug=1\n" }, plain: { content: "plain" } },
        ...more,
      });
    await declare();
    const { stdout, stderr } = await s.dock(["up", "-d", "-v"]);
    for (const service of ["web", "sealed"])
      expect(await s.inside(service, "cat", "/tmp/seen")).toBe(`${SECRET}debug=1`);
    expect(await file(s, "web", "/run/secrets/token")).toBe(`444 0:0 ${SECRET}`);
    expect(await s.inside("web", "stat", "-c", "%a %u:%g", "/run/secrets/tls.key")).toBe("400 1000:1001");
    expect(await file(s, "web", "/plain")).toBe("444 0:0 plain");
    expect(await s.inside("web", "stat", "-c", "%a", "/run", "/run/secrets", "/etc", "/etc/app")).toBe(
      "755\n755\n755\n755",
    );
    expect(await file(s, "sealed", "/etc/extra")).toBe("444 0:0 debug=1");
    // What the image has beside them is still there.
    expect(await s.inside("sealed", "ls", "/etc")).toBe(
      `${await s.inside("web", "ls", "/etc")}\nextra`.split("\n").toSorted().join("\n"),
    );
    expect(await file(s, "hidden", "/run/secrets/token")).toBe(`444 0:0 ${SECRET}`);
    const shown = [stdout, stderr, (await s.dock(["config"])).stdout, (await s.dock(["plan", "--json"])).stdout];
    for (const { Id } of Object.values(await s.containers()))
      shown.push(JSON.stringify(await s.engine.get(`/containers/${Id}/json`)));
    expect(shown.join("\n")).not.toContain(SECRET);
    expect(shown.join("\n")).not.toContain(Buffer.from(SECRET).toString("base64"));
    await expectAtRest(s);

    const before = await s.ids();
    await s.write({ ".env": `TOKEN=${SECRET}!\n` });
    expect(await s.planned()).toEqual([
      "container.replace service:hidden/1: config-changed secrets./run/secrets/token",
      "container.replace service:sealed/1: config-changed secrets./run/secrets/token",
      "container.replace service:web/1: config-changed secrets./run/secrets/token",
    ]);
    await s.dock(["up", "-d"]);
    for (const service of ["web", "sealed", "hidden"])
      expect(await s.inside(service, "cat", "/run/secrets/token")).toBe(`${SECRET}!`);
    const after = Object.values(await s.ids());
    expect(Object.values(before).filter((id) => after.includes(id))).toEqual([]);
    await expectAtRest(s);

    const volumes = async (): Promise<number> =>
      (await s.engine.volumes()).filter(({ Name }) => Name.startsWith(s.project)).length;
    expect(await volumes()).toBe(4);
    await s.dock(["up", "-d", "--force-recreate"]);
    expect(await volumes()).toBe(4);
    await expectAtRest(s);
    await s.dock(["down"]);
    expect(await volumes()).toBe(0);
  });

  scenario("that are not there are mistakes of the file", async ({ s }) => {
    await s.declare({
      services: { web: { ...IDLE, secrets: ["token"], configs: ["app"] } },
      secrets: { token: { file: "./missing" } },
      configs: { app: { file: "." } },
    });
    const { stderr } = await s.dock(["up", "-d"], { code: 2 });
    expect(stderr).toContain("missing, the file of secret token, is no file");
    expect(stderr).toContain("the file of config app, is no file");
  });
});
