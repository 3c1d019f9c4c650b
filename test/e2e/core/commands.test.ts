import { describe, expect } from "vitest";
import { inTerminal } from "../../support/in-terminal.ts";
import { freePort, IDLE, type Scenario, scenario } from "../../support/scenario.ts";
import { PROGRAM } from "../../support/scenario-process.ts";

async function json<T>(s: Scenario, ...args: readonly string[]): Promise<T> {
  return JSON.parse((await s.dock([...args, "--json"])).stdout) as T;
}

const lines = (text: string): readonly string[] => text.trimEnd().split("\n");

async function states(s: Scenario): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries(Object.entries(await s.containers()).map(([slot, { State }]) => [slot, State]));
}

describe("commands on containers", () => {
  scenario("run one of a service's own, with and without a terminal, and end with its code", async ({ s }) => {
    await s.declare({
      services: { db: IDLE, web: { ...IDLE, depends_on: ["db"], environment: { LEVEL: "info" } } },
    });
    const piped = await s.dock(["run", "--rm", "-e", "A=1", "web", "sh", "-c", "cat; echo $LEVEL $A; exit 9"], {
      stdin: "from outside\n",
      code: 9,
    });
    expect(piped.stdout).toBe("from outside\ninfo 1\n");
    expect(await states(s)).toEqual({ "db/1": "running" });
    const seen = await inTerminal(
      s,
      `stty rows 31 cols 79; ${process.execPath} ${PROGRAM} run --rm web sh -c 'tty; until stty size 2>/dev/null | grep .; do sleep 0.05; done; exit 6'; echo code $?`,
    );
    expect(seen).toMatch(/\/dev\/pts\/\d+\s+31 79\s[^]*code 6\s/);

    const waiting = s.start([
      "run",
      "--rm",
      "web",
      "sh",
      "-c",
      "trap 'echo caught; exit 3' TERM; echo up; while :; do sleep 0.1; done",
    ]);
    await waiting.until(/up/, "stdout");
    waiting.signal("SIGTERM");
    expect(await waiting.end()).toMatchObject({ code: 3, stdout: "up\ncaught\n" });
    const detached = await s.dock(["run", "-d", "--name", `${s.project}-aside`, "web", "sleep", "60"]);
    expect(detached.stdout.trim()).toMatch(/^[0-9a-f]{64}$/);
  });

  scenario("start, stop, restart, kill, scale, copy and look", async ({ s }) => {
    const port = await freePort();
    await s.write({ "notes/a.txt": "alpha\n" });
    const talk = "echo first; echo second >&2; echo third; exec sleep 3600";
    await s.declare({
      services: {
        db: { ...IDLE, command: ["sh", "-c", "echo one; echo two; exec sleep 3600"] },
        web: { ...IDLE, command: ["sh", "-c", talk], ports: [`${port}:80`], depends_on: ["db"], pid: "host" },
        worker: { ...IDLE, resources: { memory: "64m" } },
      },
    });
    const up = await s.dock(["up", "-d"]);
    expect(up.stderr).toContain("`pid: host` lets the container");
    const before = await s.ids();

    expect((await s.dock(["stop", "db", "web"])).stderr).not.toContain("pid: host");
    expect(await states(s)).toEqual({ "db/1": "exited", "web/1": "exited", "worker/1": "running" });
    await s.dock(["start"]);
    await s.dock(["restart", "worker"]);
    expect(await states(s)).toEqual({ "db/1": "running", "web/1": "running", "worker/1": "running" });
    await s.dock(["kill", "-s", "KILL", "worker"]);
    expect((await s.containers())["worker/1"]?.State).toBe("exited");
    await s.dock(["scale", "worker=3"]);
    expect(Object.keys(await s.containers()).toSorted()).toEqual(["db/1", "web/1", "worker/1", "worker/2", "worker/3"]);
    await s.dock(["up", "-d"]);
    expect(await s.ids()).toEqual(before);

    await s.dock(["cp", "notes", "web:/tmp/"]);
    expect(await s.inside("web", "cat", "/tmp/notes/a.txt")).toBe("alpha");
    await s.dock(["cp", "web:/tmp/notes/a.txt", "back.txt"]);
    expect(await s.read("back.txt")).toBe("alpha\n");

    expect((await s.dock(["port", "web", "80"])).stdout.trim()).toBe(`127.0.0.1:${port}`);
    expect((await s.dock(["top", "db"])).stdout).toContain("sleep 3600");
    const usage = await json<readonly { name: string }[]>(s, "stats", "--no-stream");
    expect(usage.map(({ name }) => name).toSorted()).toEqual(
      ["db", "web", "worker"].map((key) => `${s.project}-${key}-1`),
    );
    expect(JSON.stringify(await json(s, "ls"))).toContain(s.project);
    expect((await s.dock(["images"])).stdout).toContain("busybox");
    await s.dock(["pull", "--policy", "missing"]);
    await s.dock(["pull", "--ignore-pull-failures", "db"]);

    expect(lines((await s.dock(["logs", "--no-log-prefix", "db", "--tail", "1"])).stdout)).toEqual(["two"]);
    expect((await s.dock(["logs", "--grep", "^sec", "web"])).stderr).toContain("second");
    expect((await s.dock(["logs", "--since", "2099-01-01T00:00:00", "web"])).stdout).toBe("");
    const records = lines((await s.dock(["logs", "--json", "web"])).stdout).map(
      (line) => JSON.parse(line) as { text: string },
    );
    expect(records.map(({ text }) => text)).toEqual(expect.arrayContaining(["first", "second", "third"]));
  });

  scenario("tell what happens, and what was changed from outside", async ({ s }) => {
    await s.declare({ services: { web: { ...IDLE, resources: { memory: "64m" } } } });
    await s.dock(["up", "-d"]);
    const events = s.start(["events", "--json", "--since", "1m"]);
    await events.until(/"start"/, "stdout");
    events.signal("SIGINT");
    await events.end();

    const id = (await s.ids())["web/1"] ?? "";
    await s.engine.post(`/containers/${id}/update`, { Memory: 48 * 1024 ** 2, MemorySwap: 96 * 1024 ** 2 });
    expect(await s.planned()).toEqual([]);
    expect(await s.planned(["--live"])).toEqual([expect.stringMatching(/container\.update.*resources\.memory/)]);
  });

  scenario("destroy no data that nobody agreed to", async ({ s }) => {
    await s.declare({ services: { web: { ...IDLE, mounts: ["/data"] } } });
    await s.dock(["up", "-d"]);
    await s.inside("web", "touch", "/data/kept");
    const refused = await s.dock(["up", "-d", "-V"], { code: 6 });
    expect(refused.stderr).toMatch(/this would destroy the data of volume \S+ \(\/data\); nothing was touched/);
    const asked = await inTerminal(s, `${process.execPath} ${PROGRAM} up -d -V </dev/null; echo code $?`);
    expect(asked).toContain("code 6");
    expect(await s.inside("web", "ls", "/data")).toBe("kept");
    await s.dock(["up", "-d", "-V", "--yes"]);
    expect(await s.inside("web", "ls", "/data")).toBe("");
  });
});
