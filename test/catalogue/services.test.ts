import { createServer, connect, type AddressInfo } from "node:net";
import { describe, expect } from "vitest";
import { commandLine, IDLE, projectFile } from "../support/command-line.ts";

describe("services that are waited for, and their data", () => {
  commandLine(
    "E10 one whose health check fails ends the run with what the check said; what needs it is not started",
    async ({ line }) => {
      const config = { Healthcheck: { Test: ["CMD", "x"] } };
      line.engine.addImage({
        tags: ["sick:latest"],
        config,
        behavior: { health: { becomes: "unhealthy", output: "no disk" } },
      });
      line.engine.addImage({ tags: ["never:latest"], config });
      const after = (service: string): object => ({ depends_on: { [service]: { condition: "service_healthy" } } });
      await line.write({
        "dock.yaml": projectFile({ services: { db: { image: "sick" }, web: { ...IDLE, ...after("db") } } }),
      });
      const sick = await line.dock(["up", "-d"], { code: 5 });
      expect(sick.stderr).toMatch(/service db is unhealthy: its health check said "no disk"/);
      expect(line.engine.container("shop-web-1").status).toBe("created");
      await line.write({
        "dock.yaml": projectFile({ services: { db: { image: "never" }, web: { ...IDLE, ...after("db") } } }),
      });
      const late = await line.dock(["up", "-d", "--wait-timeout", "200ms"], { code: 5 });
      expect(late.stderr).toMatch(/service db was not healthy after 200 ms/);
      expect(line.engine.container("shop-web-1").status).toBe("created");
    },
  );

  commandLine(
    "E12 data of volumes without a name moves to a replacing container, and goes with down -v only",
    async ({ line }) => {
      line.engine.addImage({ tags: ["data:latest"], config: { Volumes: { "/image": {} } } });
      const declare = async (level: string): Promise<void> =>
        line.write({
          "dock.yaml": projectFile({
            services: { db: { image: "data", mounts: ["/own"], environment: { LEVEL: level } } },
          }),
        });
      const volumes = (): readonly string[] =>
        line.engine
          .container("shop-db-1")
          .mounts.map(({ target, source }) => `${target} ${source}`)
          .toSorted((a, b) => (a < b ? -1 : 1));
      await declare("one");
      await line.dock(["up", "-d"]);
      const before = volumes();
      expect(before).toHaveLength(2);
      await declare("two");
      await line.dock(["up", "-d"]);
      expect(volumes()).toEqual(before);
      await line.dock(["down"]);
      await line.dock(["up", "-d"]);
      expect(volumes()).toEqual(before);
      expect(line.engine.world.volumes).toHaveLength(2);
      await line.dock(["down", "-v"]);
      expect(line.engine.world.volumes).toEqual([]);
    },
  );

  commandLine("E15 an engine of another machine gets no paths of this one", async ({ line }) => {
    // To dock, whatever is not called a loopback address is another machine.
    const server = createServer((socket) => {
      const upstream = connect(line.engine.socketPath);
      socket.on("error", () => upstream.destroy());
      upstream.on("error", () => socket.destroy());
      socket.pipe(upstream).pipe(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, "::", resolve));
    const host = `tcp://[::ffff:127.0.0.1]:${(server.address() as AddressInfo).port}`;
    try {
      await line.write({
        "src/file": "x",
        "dock.yaml": projectFile({ services: { web: { ...IDLE, mounts: ["./src:/app"] } } }),
      });
      for (const args of [["up", "-d"], ["plan"]]) {
        const { stderr } = await line.dock(args, { host, code: 2 });
        expect(stderr).toMatch(
          /^dock\.yaml:\d+:\d+ error service web mounts .*\/src of this machine[^]*hint: .*dev\.watch/m,
        );
      }
      expect(line.engine.mutations).toEqual([]);
      await line.write({
        "dock.yaml": projectFile({ services: { web: { ...IDLE, mounts: ["data:/app"] } }, volumes: { data: {} } }),
      });
      await line.dock(["up", "-d"], { host });
      await line.dock(["ps"], { host });
    } finally {
      server.close();
    }
  });
});

describe("several runs at once", () => {
  commandLine("K1 of one project come to what one of them comes to", async ({ line }) => {
    await line.write({
      "dock.yaml": projectFile({
        services: { web: { ...IDLE, mounts: ["data:/d"] }, db: IDLE },
        volumes: { data: {} },
      }),
    });
    const runs = await Promise.all(Array.from({ length: 4 }, async () => line.run(["up", "-d", "--plain"])));
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(
      runs.filter(({ stderr }) =>
        stderr.includes(
          `waiting for process ${process.pid} (${line.directory}/dock.yaml), which is changing project shop`,
        ),
      ).length,
    ).toBe(3);
    expect(line.mutationsFrom(0).filter((request) => request.endsWith("/create"))).toHaveLength(4);
    await line.dock(["plan", "--detailed-exitcode"]);
  });

  commandLine("K1 from two directories with one project name don't touch each other's things", async ({ line }) => {
    const file = projectFile({ name: "shop", services: { web: IDLE } });
    await line.write({ "dock.yaml": file, "../other/dock.yaml": file });
    const runs = await Promise.all([line.run(["up", "-d"]), line.run(["up", "-d"], { cwd: "../other" })]);
    expect(runs.map(({ code }) => code).toSorted((a, b) => a - b)).toEqual([0, 6]);
    const winner = runs[0]?.code === 0 ? "shop" : "other";
    expect(runs.find(({ code }) => code === 6)?.stderr).toContain(`${line.root}/${winner}/dock.yaml`);
    const { id } = line.engine.container("shop-web-1");
    await line.dock(["down", "-v"], { cwd: winner === "shop" ? "../other" : "." });
    expect(line.engine.container("shop-web-1")).toMatchObject({ id, status: "running" });
  });

  commandLine("K2 up and down wait for each other, whoever comes first", async ({ line }) => {
    await line.write({ "dock.yaml": projectFile({ services: { web: IDLE, db: IDLE } }) });
    for (const [first, second] of [
      [["up", "-d"], ["down"]],
      [["down"], ["up", "-d"]],
    ] as const) {
      const runs = await Promise.all([line.run(first), line.run(second)]);
      expect(runs.map(({ code, stderr }) => (code === 0 ? "" : stderr))).toEqual(["", ""]);
      const left = [
        line.engine.world.containers.length,
        line.engine.world.networks.filter(({ predefined }) => !predefined).length,
      ];
      expect([
        [0, 0],
        [2, 1],
      ]).toContainEqual(left);
    }
    await line.dock(["up", "-d"]);
    await line.dock(["plan", "--detailed-exitcode"]);
  });
});
