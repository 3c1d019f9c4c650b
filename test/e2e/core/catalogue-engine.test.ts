import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { IDLE, scenario } from "../../support/scenario.ts";
import { PROGRAM } from "../../support/scenario-process.ts";

const sh = (script: string): readonly string[] => ["sh", "-c", script];
const literal = (text: string): string => text.replaceAll("$", "$$$$");

describe("what containers do by themselves, and what others do to them", () => {
  scenario("E9 whatever way a service ends at once, its code, its last lines and why are shown", async ({ s }) => {
    const lines = literal("for i in $(seq 1 30); do echo line $i of one; done; exit 1");
    const ends: readonly [object, RegExp][] = [
      [{ command: ["true"] }, /service web exited with code 0[^]*hint: .*foreground/],
      [{ command: sh(lines) }, /service web exited with code 1\n( +│ line \d+ of one\n){20} +hint/],
      [{ command: sh("no-such-program") }, /service web exited with code 127[^]*not found/],
      [
        { command: ["tail", "/dev/zero"], resources: { memory: "16m", memory_swap: "16m" }, ready: "log /never/" },
        /service web exited with code 137: it ran out of memory and was killed \(OOMKilled\)/,
      ],
      [
        { command: sh("exit 3"), restart: "always" },
        /service web (exited with code 3|keeps restarting: it exited with code 3)/,
      ],
    ];
    for (const [web, message] of ends) {
      await s.declare({ services: { web: { ...IDLE, ...web } } });
      const { stderr } = await s.dock(["up", "-d", "--plain"], { code: 5 });
      expect(stderr).toMatch(message);
      await s.dock(["down"]);
    }
    await s.declare({ services: { migrate: { ...IDLE, command: sh("echo done"), task: true } } });
    await s.dock(["up", "-d"]);
  });

  scenario(
    "E11 E12 a container that was renamed, cut off, stopped or removed is mended, and keeps its data",
    async ({ s }) => {
      await s.declare({
        services: Object.fromEntries(["a", "b", "c", "d"].map((key) => [key, { ...IDLE, mounts: ["/data"] }])),
      });
      await s.dock(["up", "-d"]);
      for (const key of ["a", "b", "c", "d"]) await s.inside(key, "sh", "-c", `echo ${key} > /data/file`);
      const before = await s.ids();
      await s.engine.post(`/containers/${before["a/1"]}/rename?name=${s.project}-elsewhere`);
      await s.engine.post(`/networks/${s.project}_default/disconnect`, { Container: before["b/1"], Force: true });
      await s.engine.post(`/containers/${before["c/1"]}/pause`);
      await s.engine.remove(`/containers/${before["d/1"]}?force=1`);
      await s.dock(["up", "-d"]);
      expect((await s.dock(["up", "-d"])).mutations).toEqual([]);
      const after = await s.ids();
      expect([after["a/1"], after["c/1"]]).toEqual([before["a/1"], before["c/1"]]);
      for (const key of ["a", "b", "c", "d"]) {
        expect((await s.containers())[`${key}/1`]).toMatchObject({
          State: "running",
          Names: [`/${s.project}-${key}-1`],
        });
        expect(await s.inside(key, "cat", "/data/file")).toBe(key);
      }
      expect(await s.inside("a", "ping", "-c1", "-w2", "b")).toContain("1 packets received");
    },
  );

  scenario("E16 a long log is passed on in little memory, whatever its frames are like", async ({ s }) => {
    const megabytes = 40;
    const long = literal("$(head -c 1000 /dev/zero | tr '\\0' x)");
    const loud = sh(`yes | head -n 20000; yes "${long}" | head -c ${megabytes}m; exec sleep 3600`);
    await s.declare({ services: { loud: { ...IDLE, command: loud } } });
    await s.dock(["up", "-d"]);
    const peak = join(s.root, "peak");
    const measure = `process.on("exit",()=>require("fs").writeFileSync(${JSON.stringify(peak)},String(process.resourceUsage().maxRSS)))`;
    await writeFile(join(s.root, "measure.cjs"), measure);
    const counted = spawn("wc", ["-c"], { stdio: ["pipe", "pipe", "inherit"] });
    const logs = spawn(process.execPath, [PROGRAM, "logs", "-f", "--no-log-prefix"], {
      cwd: s.directory,
      env: {
        ...s.environment({ host: `unix://${s.engine.socketPath}` }),
        NODE_OPTIONS: `--require=${join(s.root, "measure.cjs")}`,
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    logs.stdout.pipe(counted.stdin);
    let seen = 0;
    logs.stdout.on("data", (chunk: Buffer) => {
      seen += chunk.length;
      if (seen >= megabytes * 1024 * 1024) logs.kill("SIGINT");
    });
    expect(await once(logs, "close")).toEqual([130, null]);
    expect(Number(await readFile(peak, "utf8")) / 1024).toBeLessThan(200);
  });
});
