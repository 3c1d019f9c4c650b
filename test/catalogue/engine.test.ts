import { spawnSync } from "node:child_process";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect } from "vitest";
import { type CommandLine, commandLine, IDLE, projectFile } from "../support/command-line.ts";
import { EngineTap, type TappedRequest, type Tapper } from "../support/engine-tap.ts";
import { FaultProxy } from "../support/fault-proxy.ts";
import { RawServer } from "../support/raw-server.ts";

const GOOD = projectFile({ services: { web: IDLE } });

async function tapped(line: CommandLine, tapper: Tapper): Promise<EngineTap> {
  return EngineTap.start(line.engine.socketPath, tapper);
}

function isChange({ method, path }: TappedRequest): boolean {
  return method !== "GET" && method !== "HEAD" && !path.endsWith("/wait");
}

const { setTimeout: patient } = globalThis;

/** Deadlines of ten seconds and more come thirty times sooner: what counts is that there is one. */
function hurry(): void {
  const hurried = (work: () => void, milliseconds = 0): NodeJS.Timeout =>
    patient(work, milliseconds >= 10_000 ? milliseconds / 30 : milliseconds);
  globalThis.setTimeout = Object.assign(hurried, { __promisify__: patient.__promisify__ }) as typeof setTimeout;
}

afterEach(() => {
  globalThis.setTimeout = patient;
});

describe("an engine that is not there or not right", () => {
  commandLine("E1 each way of not having one has words of its own, and exit 3 at once", async ({ line }) => {
    await line.write({ "dock.yaml": GOOD });
    const forsaken = join(line.root, "forsaken.sock");
    const listening = `require("net").createServer().listen(${JSON.stringify(forsaken)}, () => process.kill(process.pid, "SIGKILL"))`;
    spawnSync(process.execPath, ["-e", listening]);
    const hosts: readonly [string, RegExp][] = [
      [`unix://${line.root}/nowhere.sock`, /there is no engine at .*nowhere\.sock/],
      [`unix://${forsaken}`, /no engine answers at .*forsaken\.sock/],
      ["tcp://127.0.0.1:1", /no engine answers at tcp:\/\/127\.0\.0\.1:1/],
      ["gopher://x", /DOCKER_HOST is "gopher:\/\/x", which is no engine's address/],
    ];
    const said = new Set<string>();
    // The first run in a process loads the program.
    await line.run(["ps"], { host: "tcp://127.0.0.1:1" });
    for (const [host, message] of hosts) {
      const start = performance.now();
      const { stderr } = await line.dock(["up", "-d"], { host, code: 3 });
      expect(performance.now() - start).toBeLessThan(2000);
      expect(stderr).toMatch(message);
      expect(stderr).toMatch(/hint: /);
      said.add(stderr.replace(host, ""));
    }
    expect(said.size).toBe(hosts.length);
  });

  commandLine("E1 one that this user may not use is told apart from one that is not there", async ({ line }) => {
    await line.write({ "dock.yaml": GOOD });
    await chmod(line.root, 0o755);
    await chmod(line.engine.socketPath, 0);
    // Nothing is forbidden to root.
    const root = process.geteuid?.() === 0;
    if (root) process.seteuid?.(65_534);
    try {
      const { stderr } = await line.dock(["ps"], { code: 3 });
      expect(stderr).toMatch(/you are not allowed to use the engine at [^]*hint: .*group/);
    } finally {
      if (root) process.seteuid?.(0);
    }
  });

  commandLine("E2 one that is too old, no engine at all, or newer than known", async ({ line }) => {
    await line.write({ "dock.yaml": GOOD });
    const greeted = async (headers: Readonly<Record<string, string>>): Promise<string> => {
      await using server = await RawServer.greeting((_, response) => response.writeHead(500).end("{}"), headers);
      return (await line.dock(["ps"], { host: server.host, code: 3 })).stderr;
    };
    expect(await greeted({ "Api-Version": "1.24" })).toMatch(/speaks API 1\.24, dock needs 1\.41 or newer/);
    expect(await greeted({})).toMatch(/is not a Docker engine/);
    const asked: string[] = [];
    await using newer = await RawServer.greeting(
      (request, response) => {
        asked.push(request.url ?? "");
        response.writeHead(404, { "Content-Type": "application/json" }).end('{"message":"none"}');
      },
      { "Api-Version": "1.99" },
    );
    await line.run(["ps"], { host: newer.host });
    expect(asked.every((url) => /^\/v1\.\d+\//.test(url) && !url.startsWith("/v1.99"))).toBe(true);
  });

  commandLine("E3 answers that no engine gives end the run with a failure that is no bug", async ({ line }) => {
    await line.write({ "dock.yaml": GOOD });
    for (const [status, body] of [
      [502, "<html>Bad Gateway</html>"],
      [200, ""],
      [200, "{"],
      [200, "null"],
      [200, "[1]"],
      [500, "{}"],
    ] as const) {
      await using server = await RawServer.greeting((_, response) =>
        response.writeHead(status, { "Content-Type": "application/json" }).end(body),
      );
      for (const args of [["up", "-d"], ["ps"], ["down"], ["logs"]]) {
        const { code, stderr } = await line.run(args, { host: server.host });
        expect([1, 3], `${status} ${body} ${args.join(" ")}: ${stderr}`).toContain(code);
        expect(stderr).toMatch(/^error: /m);
      }
    }
  });

  commandLine("E3 lost and cut answers fail the run, and the next one comes to the same", async ({ line }) => {
    await line.write({
      "dock.yaml": projectFile({ services: { web: { ...IDLE, mounts: ["data:/d"] } }, volumes: { data: {} } }),
    });
    for (const [fault, at] of [
      ["reset-before", 1],
      ["reset-after", 2],
      ["truncate", 3],
    ] as const) {
      {
        await using proxy = await FaultProxy.start({
          upstream: line.engine.socketPath,
          fault,
          at,
          counts: ({ path }) => /\/(create|start)$/.test(path),
        });
        const { code, stderr } = await line.run(["up", "-d"], { host: proxy.host });
        expect(proxy.fired, `${fault} ${at}`).toBe(true);
        expect([1, 5], `${fault} ${at}: ${stderr}`).toContain(code);
        await line.dock(["up", "-d"]);
        await line.dock(["plan", "--detailed-exitcode"]);
        await line.dock(["down", "-v"]);
      }
    }
  });

  commandLine(
    "E4 an engine that dies while a service is waited for ends the run, and the next one goes on",
    async ({ line }) => {
      line.engine.addImage({ tags: ["slow:latest"], config: { Healthcheck: { Test: ["CMD", "x"] } } });
      const healthy = { condition: "service_healthy" };
      await line.write({
        "dock.yaml": projectFile({
          services: { db: { image: "slow" }, web: { ...IDLE, depends_on: { db: healthy } } },
        }),
      });
      const up = line.run(["up", "-d"]);
      await waitFor(() =>
        ["/wait", "/events"].every((end) => line.engine.requests.some(({ path }) => path.endsWith(end))),
      );
      line.engine.dropConnections();
      expect((await up).code).toBe(1);
      const { id } = line.engine.container("shop-db-1");
      line.engine.setHealth("shop-db-1", "healthy");
      await line.dock(["up", "-d"]);
      expect(line.engine.container("shop-db-1").id).toBe(id);
      expect(line.engine.container("shop-web-1").status).toBe("running");
    },
  );

  commandLine(
    "E5 a slow one is waited for with progress, one that goes silent is not waited for for ever",
    async ({ line }) => {
      await line.write({ "dock.yaml": GOOD });
      await using slow = await tapped(line, async () => {
        await new Promise((resolve) => patient(resolve, 60));
        return undefined;
      });
      const { stderr } = await line.dock(["up", "-d", "--plain"], { host: slow.host });
      expect(stderr).toMatch(/service:web\/1 .*create[^]*service:web\/1 .*(started|running)/);
      for (const silent of ["/networks"]) {
        await line.dock(["down"]);
        hurry();
        await using stuck = await tapped(line, async ({ path }) => {
          if (path === silent) await new Promise((resolve) => patient(resolve, 9000).unref());
          return undefined;
        });
        const run = await line.dock(["up", "-d"], { host: stuck.host, code: 1 });
        expect(run.stderr).toMatch(/the engine was silent for \d+ s when it was asked to/);
        globalThis.setTimeout = patient;
      }
    },
  );
});

async function waitFor(holds: () => boolean): Promise<void> {
  const until = performance.now() + 9000;
  while (!holds()) {
    if (performance.now() > until) throw new Error("it did not come to that");
    await new Promise((resolve) => patient(resolve, 5));
  }
}

describe("objects that are in the way", () => {
  commandLine(
    "E6 somebody else's are named with their owner, before anything is made, and stay as they are",
    async ({ line }) => {
      const labels = { "dev.dock.project": "theirs", "dev.dock.file": "/theirs/dock.yaml" };
      line.engine.world.networks.push({
        id: "n".repeat(64),
        name: "shop_default",
        driver: "bridge",
        labels: {},
        predefined: false,
      });
      line.engine.world.volumes.push({
        name: "shop_data",
        driver: "local",
        labels,
        anonymous: false,
        filledFrom: undefined,
      });
      await line.write({
        "dock.yaml": projectFile({ services: { web: { ...IDLE, mounts: ["data:/d"] } }, volumes: { data: {} } }),
      });
      for (const args of [["up", "-d"], ["plan"]]) {
        const { stderr } = await line.dock(args, { code: 6 });
        expect(stderr).toMatch(/network "shop_default" belongs to nobody that dock knows/);
        expect(stderr).toMatch(/volume "shop_data" belongs to dock project "theirs" \(\/theirs\/dock\.yaml\)/);
      }
      await line.dock(["down", "-v"]);
      expect(line.engine.mutations).toEqual([]);
    },
  );

  commandLine(
    "E7 a port that is taken between the plan and the start is named with its holder, and the container is kept",
    async ({ line }) => {
      const port = 1 + Math.floor(Math.random() * 1000);
      await line.write({
        "dock.yaml": projectFile({ services: { web: { ...IDLE, ports: [`127.0.0.77:${port}:80`] } } }),
      });
      let started = false;
      await using tap = await tapped(line, async ({ path }) => {
        if (started || !path.endsWith("/start")) return undefined;
        started = true;
        const rival = {
          Image: "busybox",
          HostConfig: { PortBindings: { "80/tcp": [{ HostIp: "0.0.0.0", HostPort: String(port) }] } },
        };
        await ask(line, "POST", "/containers/create?name=rival", rival);
        await ask(line, "POST", "/containers/rival/start");
        return undefined;
      });
      const { stderr } = await line.dock(["up", "-d"], { host: tap.host, code: 6 });
      expect(stderr).toMatch(
        new RegExp(`service web could not start: container rival of .* holds port ${port} of 127\\.0\\.0\\.77`),
      );
      const { id, status } = line.engine.container("shop-web-1");
      expect(status).toBe("created");
      await ask(line, "DELETE", "/containers/rival?force=1");
      await line.dock(["up", "-d"]);
      expect(line.engine.container("shop-web-1")).toMatchObject({ id, status: "running" });
    },
  );

  commandLine(
    "E8 an image that vanishes or moves between plan and creation is noticed, and the next run is right",
    async ({ line }) => {
      await line.write({ "dock.yaml": GOOD });
      line.engine.registry.set("busybox:latest", { tags: [] });
      await using vanishing = await tapped(line, ({ path }) => {
        if (path === "/containers/create") line.engine.world.images.splice(0);
        return undefined;
      });
      const { stderr } = await line.dock(["up", "-d"], { host: vanishing.host, code: 1 });
      expect(stderr).toMatch(/No such image: busybox:latest[^]*hint: .*run again/);
      await line.dock(["up", "-d"]);
      await line.dock(["down"]);
      const other = `sha256:${"7".repeat(64)}`;
      await using moving = await tapped(line, ({ path }) => {
        if (path === "/containers/create") line.engine.addImage({ id: other, tags: ["busybox:latest"] });
        return undefined;
      });
      await line.dock(["up", "-d"], { host: moving.host });
      expect(line.engine.container("shop-web-1").image.id).toBe(other);
      await line.dock(["plan", "--detailed-exitcode"]);
    },
  );

  commandLine(
    "E13 exhausted subnets and a full disk come with what helps; only what reads is asked again",
    async ({ line }) => {
      await line.write({ "dock.yaml": GOOD });
      const refusals: readonly [RegExp, string, RegExp, code?: number][] = [
        [
          /^\/networks\/create/,
          "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network",
          /dock ls[^\n]*docker network prune/,
        ],
        [/^\/networks\/create/, "all predefined address pools have been fully subnetted", /docker network prune/],
        [/^\/containers\/create/, "mkdir /var/lib/docker: no space left on device", /docker system df/],
        [/\/start$/, "no available IPv4 addresses on this network's address pools: shop_default", /larger subnet/, 5],
      ];
      for (const [path, message, hint, code = 1] of refusals) {
        await using tap = await tapped(line, (request) =>
          path.test(request.path) ? { status: 500, body: JSON.stringify({ message }) } : undefined,
        );
        const { stderr } = await line.dock(["up", "-d"], { host: tap.host, code });
        expect(stderr).toContain(message);
        expect(stderr).toMatch(hint);
        expect(tap.requests.filter((request) => isChange(request) && path.test(request.path))).toHaveLength(1);
      }
    },
  );

  commandLine(
    "E13 a name that is taken between plan and creation is cleared where it is a late one of our own, else named with its owner",
    async ({ line }) => {
      await line.write({ "dock.yaml": GOOD });
      let body = "";
      const stealing =
        (more: (labels: Record<string, string>) => Record<string, string>): Tapper =>
        async (request) => {
          if (request.path !== "/containers/create" || body !== "") return undefined;
          ({ body } = request);
          const parsed = JSON.parse(body) as { Labels: Record<string, string> };
          await ask(line, "POST", "/containers/create?name=shop-web-1", { ...parsed, Labels: more(parsed.Labels) });
          return undefined;
        };
      await using same = await tapped(
        line,
        stealing((labels) => labels),
      );
      await line.dock(["up", "-d"], { host: same.host });
      expect(line.engine.world.containers.map(({ status }) => status)).toEqual(["running"]);
      await line.dock(["down"]);
      body = "";
      await using foreign = await tapped(
        line,
        stealing(() => ({ "com.docker.compose.project": "theirs" })),
      );
      const { stderr } = await line.dock(["up", "-d"], { host: foreign.host, code: 6 });
      expect(stderr).toMatch(/container name "shop-web-1" was taken meanwhile by Compose project "theirs"/);
      expect(line.engine.container("shop-web-1").status).toBe("created");
    },
  );

  commandLine(
    "E14 a dead container is replaced; one whose removal hangs is named, and the others come up",
    async ({ line }) => {
      await line.write({ "dock.yaml": projectFile({ services: { web: IDLE, db: IDLE } }) });
      await line.dock(["up", "-d"]);
      const before = line.engine.container("shop-web-1");
      Object.assign(before, { status: "dead" });
      await line.dock(["up", "-d"]);
      expect(line.engine.container("shop-web-1").id).not.toBe(before.id);
      Object.assign(line.engine.container("shop-web-1"), { status: "removing" });
      await ask(line, "DELETE", "/containers/shop-db-1?force=1");
      await using stuck = await tapped(line, async ({ method, path }) => {
        if (method === "DELETE")
          return { status: 409, body: '{"message":"removal of container x is already in progress"}' };
        if (path.endsWith("/wait") && path.includes(line.engine.container("shop-web-1").id))
          await new Promise((resolve) => patient(resolve, 9000).unref());
        return undefined;
      });
      hurry();
      const { stderr } = await line.dock(["up", "-d"], { host: stuck.host, code: 1 });
      expect(stderr).toMatch(/container shop-web-1 does not go away/);
      expect(line.engine.container("shop-db-1").status).toBe("running");
    },
  );
});

async function ask(line: CommandLine, method: string, path: string, body: object = {}): Promise<void> {
  const { BareEngine } = await import("../support/scenario-engine.ts");
  await new BareEngine({ DOCKER_HOST: line.engine.host }).raw(method, path, { body });
}

describe("engines with much on them, and far ones", () => {
  commandLine("E16 lists are filtered by the engine, so that others' containers cost nothing", async ({ line }) => {
    await line.write({
      "dock.yaml": projectFile({
        services: { web: { ...IDLE, ports: [`${20_000 + Math.floor(Math.random() * 10_000)}:80`] } },
      }),
    });
    await using tap = await tapped(line, () => undefined);
    for (const args of [["up", "-d"], ["up", "-d"], ["ps"], ["logs"], ["down"]])
      await line.dock(args, { host: tap.host });
    const lists = tap.requests.filter(({ path }) => /^\/(containers\/json|networks|volumes)$/.test(path));
    expect(lists.length).toBeGreaterThan(8);
    for (const { path, query } of lists)
      expect(new URLSearchParams(query).get("filters") ?? "", path).toMatch(/label|name|publish/);
  });
});
