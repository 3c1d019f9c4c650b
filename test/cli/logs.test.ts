import { EventEmitter, once } from "node:events";
import { describe, expect, vi } from "vitest";
import { BareEngine } from "../support/scenario-engine.ts";
import { commandLine, type CommandLine, IDLE, projectFile } from "../support/command-line.ts";

async function up(line: CommandLine, services: Readonly<Record<string, object>>): Promise<void> {
  await line.write({ "dock.yaml": projectFile({ name: "shop", services }) });
  await line.dock(["up", "-d"]);
}

/** Follows logs, and has begun to when this resolves; `seen` resolves once the output holds a text. */
async function following(line: CommandLine, args: readonly string[]) {
  const waiting = new Set<() => void>();
  let text = "";
  const onOutput = (piece: string): void => {
    text += piece;
    for (const check of waiting) check();
  };
  const listeners = (): number => line.engine.requests.filter(({ path }) => path === "/events").length;
  const before = listeners();
  const ended = line.run(["logs", "-f", ...args], { onOutput });
  await vi.waitFor(() => expect(listeners()).toBeGreaterThan(before), { timeout: 5000, interval: 5 });
  const seen = async (wanted: string): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!text.includes(wanted)) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  return { ended, seen };
}

describe("logs", () => {
  commandLine("of several containers come in the order of their times", async ({ line }) => {
    await up(line, { web: IDLE, db: IDLE });
    const { log: web } = line.engine.container("shop-web-1");
    const { log: db } = line.engine.container("shop-db-1");
    web.push({ time: 1000, stream: 1, text: "first" }, { time: 3000, stream: 1, text: "third" });
    db.push({ time: 2000, stream: 1, text: "second" }, { time: 4000, stream: 2, text: "aside" });
    const { stdout, stderr } = await line.dock(["logs"]);
    expect(stdout).toBe("web-1  | first\ndb-1   | second\nweb-1  | third\n");
    expect(stderr).toBe("db-1   | aside\n");
  });

  commandLine("are cut down to what is asked for", async ({ line }) => {
    await up(line, { web: { ...IDLE, scale: 2 } });
    for (const number of [1, 2]) line.engine.print(`shop-web-${number}`, `\x1b[31mGET\x1b[0m /${number}`);
    line.engine.print("shop-web-1", "POST /");
    expect((await line.dock(["logs", "--index", "2"])).stdout).toBe("web-2  | GET /2\n");
    expect((await line.dock(["logs", "--grep", "^GET /[0-1]"])).stdout).toBe("web-1  | GET /1\n");
    expect((await line.dock(["logs", "--no-log-prefix", "--index", "1"])).stdout).toBe("GET /1\nPOST /\n");
    expect((await line.dock(["logs", "--tail", "0"])).stdout).toBe("");
    const json = (await line.dock(["logs", "--json", "--index", "1"])).stdout.trimEnd().split("\n");
    expect(json.map((text) => JSON.parse(text) as unknown)).toMatchObject([
      { type: "log", service: "web", number: 1, stream: "stdout", text: "\x1b[31mGET\x1b[0m /1" },
      { type: "log", service: "web", number: 1, stream: "stdout", text: "POST /" },
    ]);
    const refused = await line.dock(["logs", "--grep", "("], { code: 2 });
    expect(refused.stderr).toContain("regular expression");
    await line.dock(["logs", "--tail", "few"], { code: 2 });
    await line.dock(["logs", "--index", "3"], { code: 1 });
  });

  commandLine("show what a container would do to a terminal", async ({ line }) => {
    await up(line, { web: IDLE });
    line.engine.print("shop-web-1", "\x1b]0;title\x07\x1b[2J\u202e\rover");
    const { stdout } = await line.dock(["logs"]);
    expect(stdout).toBe("web-1  | ^[]0;title^G^[[2J\\u202e\nweb-1  | over\n");
  });

  commandLine("go on where they were when the engine comes back", async ({ line }) => {
    await up(line, { web: IDLE });
    const { log } = line.engine.container("shop-web-1");
    const time = Date.now() - 60_000;
    // Lines of one time are told apart by their number.
    for (const text of ["one", "two", "three"]) log.push({ time, stream: 1, text });
    const { ended, seen } = await following(line, []);
    await seen("three");
    line.engine.print("shop-web-1", "four");
    await seen("four");
    line.engine.dropConnections();
    line.engine.print("shop-web-1", "five");
    await seen("five");
    line.engine.print("shop-web-1", "six", 2);
    await seen("six");
    line.engine.exit("shop-web-1", 3);
    const { code, stdout, stderr } = await ended;
    expect(stdout).toBe(["one", "two", "three", "four", "five"].map((text) => `web-1  | ${text}\n`).join(""));
    expect(stderr).toBe("web-1  | six\nweb-1  | exited with code 3\n");
    expect(code).toBe(0);
  });

  commandLine("lose nothing to a slow reader when their container is restarted and removed", async ({ line }) => {
    await up(line, { web: IDLE });
    const bare = new BareEngine({ DOCKER_HOST: line.engine.host });
    const reader = new EventEmitter();
    const [reads, goesOn] = [once(reader, "reads"), once(reader, "goes on")];
    const onOutput = async (): Promise<void> => {
      reader.emit("reads");
      await goesOn;
    };
    const ended = line.run(["logs", "-f"], { onOutput });
    const streams = (): number => line.engine.requests.filter(({ path }) => path.endsWith("/logs")).length;
    await vi.waitFor(() => expect(streams()).toBe(2), { timeout: 5000, interval: 5 });
    // More than what is taken without a reader.
    const long = (text: string): string => text.padEnd(100_000, ".");
    line.engine.print("shop-web-1", long("first run"));
    await reads;
    line.engine.print("shop-web-1", long("first run's last"));
    line.engine.exit("shop-web-1", 1);
    await bare.post("/containers/shop-web-1/start");
    await vi.waitFor(() => expect(streams()).toBe(3), { timeout: 5000, interval: 5 });
    line.engine.print("shop-web-1", long("second run"));
    line.engine.print("shop-web-1", "last words");
    await bare.remove("/containers/shop-web-1?force=1");
    reader.emit("goes on");
    const { stdout } = await ended;
    const shown = stdout.split("\n").flatMap((text) => (/\| \.+$/.test(text) ? [] : text.replace(/\.+$/, "")));
    expect(shown).toEqual([
      "web-1  | first run",
      "web-1  | first run's last",
      "web-1  | second run",
      "web-1  | last words",
      "",
    ]);
  });

  commandLine("tell of an end that came while the engine was away", async ({ line }) => {
    await up(line, { web: IDLE });
    line.engine.print("shop-web-1", "one");
    const { ended, seen } = await following(line, []);
    await seen("one");
    line.engine.dropConnections();
    line.engine.exit("shop-web-1", 137);
    const { stdout, stderr } = await ended;
    expect(stdout).toBe("web-1  | one\n");
    expect(stderr).toBe("web-1  | exited with code 137\n");
  });

  commandLine("follow a replacement and more containers of a service, and no other service", async ({ line }) => {
    await up(line, { web: IDLE, db: IDLE });
    const { ended, seen } = await following(line, ["--tail", "0", "web"]);
    line.engine.print("shop-db-1", "not asked for");
    await line.write({
      "dock.yaml": projectFile({
        name: "shop",
        services: { web: { ...IDLE, scale: 2, environment: { A: "1" } }, db: { ...IDLE, environment: { A: "1" } } },
      }),
    });
    await line.dock(["up", "-d"]);
    for (const name of ["shop-web-1", "shop-web-2", "shop-db-1"]) line.engine.print(name, `from ${name}`);
    await seen("from shop-web-1");
    await seen("from shop-web-2");
    await line.dock(["down"]);
    const { code, stdout } = await ended;
    expect(stdout.split("\n").toSorted()).toEqual(["", "web-1  | from shop-web-1", "web-2  | from shop-web-2"]);
    expect(code).toBe(0);
  });

  commandLine("of what has stopped before end by themselves, also when followed", async ({ line }) => {
    await up(line, { web: IDLE });
    line.engine.print("shop-web-1", "bye");
    line.engine.exit("shop-web-1", 0);
    expect((await line.dock(["logs", "-f"])).stdout).toBe("web-1  | bye\n");
  });

  commandLine("end at the time that was asked for", async ({ line }) => {
    await up(line, { web: IDLE });
    line.engine.print("shop-web-1", "now");
    const until = new Date(Date.now() + 500).toISOString();
    expect((await line.dock(["logs", "-f", "--until", until])).stdout).toBe("web-1  | now\n");
  });
});
