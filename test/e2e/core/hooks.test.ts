import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { IDLE, type Scenario, scenario } from "../../support/scenario.ts";

const told = async (s: Scenario): Promise<readonly string[]> =>
  (await readFile(join(s.directory, "told/log"), "utf8").catch(() => "")).trim().split("\n");

describe("commands in a container at points of its life", () => {
  scenario(
    "run after every start and before every stop, and one that fails brings the old container back",
    async ({ s }) => {
      await s.write({ "told/log": "" });
      const tell = (words: string): readonly string[] => ["sh", "-c", `echo ${words} >> log`];
      const web = (color: string, post: readonly string[] = tell("started $$COLOR $$MODE $$(id -u)")): object => ({
        services: {
          web: {
            ...IDLE,
            environment: { COLOR: color },
            mounts: ["./told:/told"],
            post_start: [{ command: post, working_dir: "/told", environment: { MODE: "once" }, user: "0" }],
            pre_stop: [{ command: tell("stopping $$COLOR"), working_dir: "/told" }],
          },
        },
      });
      await s.declare({ ...web("red") });
      await s.dock(["up", "-d"]);
      await s.dock(["restart"]);
      expect(await told(s)).toEqual(["started red once 0", "stopping red", "started red once 0"]);

      await s.declare({ ...web("blue", ["sh", "-c", "echo no luck; exit 4"]) });
      const failed = await s.dock(["up", "-d"], { code: 5 });
      expect(failed.stderr).toMatch(
        /service web: its `post_start` command .* ended with code 4; the old container serves again/,
      );
      expect(failed.stderr).toContain("no luck");
      expect((await s.containers())["web/1"]?.State).toBe("running");

      await s.declare({ ...web("blue") });
      await s.dock(["up", "-d"]);
      expect((await told(s)).slice(3)).toEqual(["stopping red", "stopping red", "started blue once 0"]);
      await s.dock(["stop"]);
      await s.dock(["start"]);
      await s.dock(["down"]);
      expect((await told(s)).slice(6)).toEqual(["stopping blue", "started blue once 0", "stopping blue"]);
    },
  );

  scenario("don't keep a container from stopping, and one that was never right is not taken for it", async ({ s }) => {
    const web = { ...IDLE, stop_grace_period: "1s", pre_stop: [{ command: "sleep 60" }] };
    await s.declare({ services: { web: { ...web, post_start: [{ command: "false" }] } } });
    await s.dock(["up", "-d"], { code: 5 });
    expect((await s.containers())["web/1"]?.State).toBe("exited");
    await s.declare({ services: { web } });
    await s.dock(["up", "-d"]);
    const stopped = await s.dock(["stop"]);
    expect(stopped.stderr).toContain("the `pre_stop` commands of service web were not done after 1 s");
    expect((await s.containers())["web/1"]?.State).toBe("exited");
  });
});

scenario("an image is mounted where the engine can, and a host port is taken from a range", async ({ s }) => {
  const web = { ...IDLE, ports: ["18000-18090:80"], scale: 2 };
  await s.declare({ services: { web } });
  await s.dock(["up", "-d"]);
  const ports = JSON.parse((await s.dock(["ps", "--json"])).stdout) as readonly {
    ports: readonly { hostPort: number }[];
  }[];
  const taken = ports.flatMap(({ ports: own }) => own.map(({ hostPort }) => hostPort));
  expect(new Set(taken).size).toBe(2);
  expect(taken.every((port) => port >= 18_000 && port <= 18_090)).toBe(true);
  expect(await s.planned()).toEqual([]);

  const mounts = [{ type: "image", source: "busybox", target: "/tools", image: { subpath: "bin" } }];
  await s.declare({ services: { web: { ...web, scale: 1, mounts } } });
  const { ApiVersion } = await s.engine.get<{ ApiVersion: string }>("/version");
  if (Number(ApiVersion.split(".")[1]) < 48) {
    const refused = await s.dock(["up", "-d"], { code: 6 });
    expect(refused.stderr).toContain("the image mounted at /tools");
    return;
  }
  await s.dock(["up", "-d"]);
  expect(await s.inside("web", "ls", "/tools")).toContain("busybox");
  expect(await s.planned()).toEqual([]);
});
