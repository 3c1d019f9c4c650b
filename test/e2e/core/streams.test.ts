import { describe, expect } from "vitest";
import { inTerminal } from "../../support/in-terminal.ts";
import { eventually, IDLE, type Scenario, scenario } from "../../support/scenario.ts";
import { PROGRAM } from "../../support/scenario-process.ts";

/** Prints a line on each stream at its start and one more each 50 ms. */
const TALKER = {
  ...IDLE,
  command: ["sh", "-c", 'echo "first of $$HOSTNAME"; echo oops >&2; while :; do echo tick; sleep 0.05; done'],
  hostname: "talker",
};
/** Prints and ends. */
const BRIEF = { ...IDLE, command: ["sh", "-c", "echo one; echo two; printf three"], task: true };

async function talking(s: Scenario): Promise<void> {
  await s.declare({
    services: { talker: TALKER, other: { ...IDLE, command: ["sh", "-c", "echo other; sleep 3600"] } },
  });
  await s.dock(["up", "-d"]);
}

describe("logs", () => {
  scenario("shows each stream on its own, by service, as much as asked for", async ({ s }) => {
    await talking(s);
    const all = await s.dock(["logs"]);
    expect(all.stdout).toMatch(/^talker-1 +\| first of talker$/m);
    expect(all.stdout).toMatch(/^other-1 +\| other$/m);
    expect(all.stdout).not.toContain("oops");
    expect(all.stderr).toMatch(/^talker-1 +\| oops$/m);
    const one = await s.dock(["logs", "other"]);
    expect(one.stdout).toBe("other-1  | other\n");
    const tail = await s.dock(["logs", "--tail", "2", "talker"]);
    expect(tail.stdout.split("\n").filter(Boolean).length).toBeLessThanOrEqual(2);
    const stamped = await s.dock(["logs", "-t", "other"]);
    expect(stamped.stdout).toMatch(/^other-1 +\| \d{4}-\d\d-\d\dT[\d:.]+Z other$/m);
    expect((await s.dock(["logs", "--since", "2099-01-01", "other"])).stdout).toBe("");
    const json = await s.dock(["logs", "--json", "other"]);
    expect(
      json.stdout
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as unknown),
    ).toMatchObject([{ type: "log", service: "other", number: 1, stream: "stdout", text: "other" }]);
  });

  scenario("-f goes on until Ctrl-C and leaves the containers running", async ({ s }) => {
    await talking(s);
    const run = s.start(["logs", "-f", "--tail", "0"]);
    await run.until(/(tick\n[^]*){3}/, "stdout");
    run.signal("SIGINT");
    expect((await run.end()).code).toBe(130);
    expect(Object.values(await s.containers()).map(({ State }) => State)).toEqual(["running", "running"]);
  });

  scenario("-f ends when the containers have, and with their removal", async ({ s }) => {
    await talking(s);
    const run = s.start(["logs", "-f", "talker"]);
    await run.until(/tick/, "stdout");
    await s.dock(["down"]);
    expect((await run.end()).code).toBe(0);
  });

  scenario("ends quietly when nobody reads on", async ({ s }) => {
    await talking(s);
    for (const args of [
      ["logs", "-f"],
      ["logs", "-f", "--json"],
    ]) {
      const run = s.start(args);
      await run.until(/tick/, "stdout");
      run.child.stdout?.destroy();
      const { code, stderr } = await run.end();
      expect(stderr.replace(/^talker-1 +\| oops\n/, "")).toBe("");
      expect(code).toBe(141);
    }
  });

  scenario("of a container that has ended are still there, down to an unfinished line", async ({ s }) => {
    await s.declare({ services: { brief: BRIEF } });
    await s.dock(["up", "-d"]);
    expect((await s.dock(["logs", "brief"])).stdout).toBe("brief-1  | one\nbrief-1  | two\nbrief-1  | three\n");
    const none = await s.dock(["down"]).then(async () => s.dock(["logs"], { code: 1 }));
    expect(none.stderr).toContain("dock up");
  });
});

describe("exec", () => {
  scenario("passes streams, the exit code, and how to run it", async ({ s }) => {
    await s.declare({ services: { web: { ...IDLE, environment: { LEVEL: "info" } } } });
    await s.dock(["up", "-d"]);
    const piped = await s.dock(["exec", "web", "sh", "-c", "cat; echo aside >&2; exit 7"], {
      stdin: "from outside\n",
      code: 7,
    });
    expect(piped).toMatchObject({ stdout: "from outside\n", stderr: "aside\n" });
    const how = ["-e", "LEVEL=debug", "-e", "A=1", "-w", "/tmp", "-u", "1234:4321"];
    const set = await s.dock(["exec", ...how, "web", "sh", "-c", "echo $LEVEL $A $PWD $(id -u):$(id -g)"]);
    expect(set.stdout).toBe("debug 1 /tmp 1234:4321\n");
    // Engines differ in the code for a program that is not there.
    expect([126, 127]).toContain((await s.run(["exec", "web", "no-such-program"])).code);
    expect((await s.dock(["exec", "web", "ls", "-a", "/proc/self/ns"])).stdout).toContain("net");
    expect((await s.dock(["exec", "web", "sh", "-c", "kill -9 $$"], { code: 137 })).stdout).toBe("");
  });

  scenario("loses no byte of a large stream, in or out", async ({ s }) => {
    await s.declare({ services: { web: IDLE } });
    await s.dock(["up", "-d"]);
    const text = "0123456789abcdef".repeat(512 * 1024);
    const sum = await s.dock(["exec", "web", "sh", "-c", "wc -c; cat"], { stdin: text });
    expect(sum.stdout.trim()).toBe(String(text.length));
    const back = await s.dock(["exec", "web", "cat"], { stdin: text });
    expect(back.stdout.length).toBe(text.length);
    expect(back.stdout === text).toBe(true);
  });

  scenario("in a service that does not run says how to start it", async ({ s }) => {
    await s.declare({ services: { web: IDLE } });
    const refused = await s.dock(["exec", "web", "true"], { code: 1 });
    expect(refused.stderr).toContain("dock up -d web");
  });

  scenario("has a terminal where there is one, of its size, and leaves it as it was", async ({ s }) => {
    await s.declare({ services: { web: IDLE } });
    await s.dock(["up", "-d"]);
    // `script` gives the program a terminal of its own; the size follows the start.
    const command = `stty rows 33 cols 77; ${process.execPath} ${PROGRAM} exec web sh -c 'tty; until stty size 2>/dev/null | grep .; do sleep 0.05; done; exit 5'; echo code $?; stty -a | grep -c -- '-icanon'`;
    const text = await inTerminal(s, command);
    expect(text).toMatch(/\/dev\/pts\/\d+\s+33 77\s+code 5\s+0/);
  });
});

describe("up that stays", () => {
  scenario("follows the logs, and Ctrl-C stops what it started and nothing else", async ({ s }) => {
    await s.declare({ services: { db: IDLE } });
    await s.dock(["up", "-d"]);
    const { "db/1": db } = await s.ids();
    await s.declare({ services: { db: IDLE, talker: TALKER } });
    const run = s.start(["up"]);
    await run.until(/talker-1 +\| tick/, "stdout");
    run.signal("SIGINT");
    expect((await run.end()).code).toBe(130);
    const after = await s.containers();
    expect(after["talker/1"]?.State).toBe("exited");
    expect(after["db/1"]).toMatchObject({ Id: db, State: "running" });
  });

  scenario("leaves a container running whose rebuilt image came out the same", async ({ s }) => {
    await s.write({ "app/Dockerfile": 'FROM busybox:latest\nRUN true\nCMD ["sleep", "3600"]\n' });
    const app = { image: "app", stop_signal: "SIGKILL" };
    await s.declare({ images: { app: { context: "app" } }, services: { app } });
    await s.dock(["up", "-d"]);
    const { "app/1": id } = await s.ids();
    await s.declare({ images: { app: { context: "app" } }, services: { app, talker: TALKER } });
    const run = s.start(["up", "--build"]);
    await run.until(/talker-1 +\| tick/, "stdout");
    run.signal("SIGINT");
    expect((await run.end()).code).toBe(130);
    expect((await s.containers())["app/1"]).toMatchObject({ Id: id, State: "running" });
  });

  scenario("ends with 143 at SIGTERM", async ({ s }) => {
    await s.declare({ services: { talker: TALKER } });
    const run = s.start(["up"]);
    await run.until(/tick/, "stdout");
    run.signal("SIGTERM");
    expect((await run.end()).code).toBe(143);
    expect((await s.containers())["talker/1"]?.State).toBe("exited");
  });

  scenario("ends at once at a second Ctrl-C", async ({ s }) => {
    const slow = { image: "busybox:latest", command: ["sh", "-c", "echo up; sleep 3600"], stop_grace_period: "20s" };
    await s.declare({ services: { slow } });
    const run = s.start(["up"]);
    await run.until(/slow-1 +\| up/, "stdout");
    const from = performance.now();
    run.signal("SIGINT");
    await run.until(/stopping/);
    run.signal("SIGINT");
    expect((await run.end()).code).toBe(130);
    expect(performance.now() - from).toBeLessThan(10_000);
    await eventually(async () => {
      const { "slow/1": container } = await s.containers();
      await s.engine.raw("POST", `/containers/${container?.Id}/kill`, { accept: [409] });
      expect((await s.containers())["slow/1"]?.State).toBe("exited");
    });
  });

  scenario("ends by itself when every service has, with the code of a failure", async ({ s }) => {
    await s.declare({
      services: { short: { ...IDLE, command: ["sh", "-c", "sleep 1; echo bye; exit 3"] } },
    });
    const run = await s.dock(["up"], { code: 5 });
    expect(run.stdout).toMatch(/short-1 +\| bye/);
  });
});
