import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { connectEngine } from "../../../src/engine/connect.ts";
import { syncFiles } from "../../../src/execute/sync.ts";
import { IDLE, type Run, type Scenario, scenario } from "../../support/scenario.ts";

/** Words that a shell, or a reader of lines, would make something else of. */
const ODD = ["; touch /started", "$(id)", "`id`", "a\nb", `'"`, "\\", "*", "", "ä€😀", "&& false", "-n"];

const literal = (text: string): string => text.replaceAll("$", "$$$$");

/** Command lines of all processes of this machine. */
async function commandLines(): Promise<string> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  return (await Promise.all(pids.map(async (pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")))).join(
    "\n",
  );
}

async function engineShows(s: Scenario): Promise<string> {
  const images = (await s.engine.images()).filter(({ RepoTags }) => RepoTags?.some((tag) => tag.startsWith(s.project)));
  const parts = await Promise.all(
    images.flatMap(({ Id }) => [
      s.engine.raw("GET", `/images/${Id}/json`),
      s.engine.raw("GET", `/images/${Id}/history`),
    ]),
  );
  const listed = await Promise.all(
    ["/containers/json?all=1", "/networks", "/volumes"].map((path) => s.engine.raw("GET", path)),
  );
  return [...parts, ...listed].join("\n");
}

describe("secrets and odd words on a real engine", () => {
  scenario(
    "S1 S13 S5 a secret is in its container's environment only, odd words arrive as they are, ports stay on this machine",
    async ({ s }) => {
      const canary = `c4n4ry-${randomBytes(8).toString("hex")}`;
      await s.write({
        ".env": `WHERE=${canary}\n`,
        "app/Dockerfile": `FROM busybox:latest\nARG VERSION\nRUN echo building $VERSION\n`,
      });
      const environment = Object.fromEntries(ODD.map((text, index) => [`V${index}`, literal(text)]));
      const script = 'tr "\\0" "\\n" < /proc/1/cmdline > /words; exec sleep 3600';
      await s.declare({
        images: { app: { context: "app", args: { VERSION: "1.2.3" } } },
        services: {
          web: {
            image: "app",
            stop_signal: "SIGKILL",
            command: ["sh", "-c", literal(script), ...ODD.map(literal)],
            environment: { ...environment, WHERE: "${WHERE}" },
            ports: ["80"],
          },
        },
      });
      const env = { DEBUG: "*", API_TOKEN: canary };
      const runs: Run[] = [];
      const running = s.start(["-v", "up", "-d"], { env });
      const watched: string[] = [];
      const ended = running.end();
      let over = false;
      void ended.finally(() => (over = true));
      while (!over) watched.push(await commandLines());
      const { code, stdout, stderr } = await ended;
      expect(code, stderr).toBe(0);
      for (const args of [["plan"], ["ps", "--json"], ["why", "web"], ["up", "-d", "--force-recreate"]])
        runs.push(await s.dock(args, { env }));
      const said = [stdout, stderr, ...runs.flatMap((run) => [run.stdout, run.stderr])].join("\n");
      expect(said).not.toContain(canary);
      expect(said).not.toMatch(/X-Registry-Auth|docker-modem|HTTP\/1\.1/i);
      expect(await engineShows(s)).not.toContain(canary);
      expect(watched.join("\n")).not.toContain(canary);
      const { "web/1": id } = await s.ids();
      const inspected = await s.engine.get<{
        Config: { Env: readonly string[] };
        NetworkSettings: { Ports: Readonly<Record<string, readonly { HostIp: string }[]>> };
      }>(`/containers/${id}/json`);
      expect(inspected.Config.Env).toContain(`WHERE=${canary}`);
      expect(inspected.NetworkSettings.Ports["80/tcp"]?.map(({ HostIp }) => HostIp)).toEqual(["127.0.0.1"]);
      for (const [index, text] of ODD.entries()) expect(inspected.Config.Env).toContain(`V${index}=${text}`);
      expect((await s.dock(["exec", "web", "cat", "/words"])).stdout).toBe(`sh\n-c\n${script}\n${ODD.join("\n")}\n`);
      const cached = await readdir(join(s.root, "cache"), { recursive: true, withFileTypes: true });
      for (const file of cached.filter((entry) => entry.isFile()))
        expect(await readFile(join(file.parentPath, file.name), "utf8")).not.toContain(canary);
    },
  );

  scenario("S8 nothing leans on prototypes: it runs without __proto__ and on frozen ones", async ({ s }) => {
    const freeze =
      "for(const type of [Object,Array,Function,Map,Set,String,Number,Promise])Object.freeze(type.prototype)";
    await s.write({ "app/Dockerfile": "FROM busybox:latest\nCOPY . /app/\n", "app/file": "x" });
    await s.declare({
      images: { app: { context: "app" } },
      services: { web: { ...IDLE, image: "app", environment: { A: "1" } } },
    });
    const env = { NODE_OPTIONS: `--disable-proto=throw --import=data:text/javascript,${encodeURIComponent(freeze)}` };
    for (const args of [
      ["validate"],
      ["config"],
      ["plan", "--json"],
      ["up", "-d"],
      ["ps"],
      ["logs"],
      ["exec", "web", "true"],
      ["up", "-d"],
    ])
      await s.dock(args, { env });
    await s.declare({ services: { web: { ...IDLE, labels: { ["__proto__"]: "x" } } } });
    await s.write({
      "dock.yaml": 'services: { web: { image: busybox, labels: { __proto__: { polluted: "yes" } } } }\n',
    });
    await s.dock(["up", "-d"], { env, code: 2 });
    await s.declare({ services: { web: { ...IDLE } } });
  });

  scenario("S12 a link in a container leads no synced file out of its place", async ({ s }) => {
    await s.declare({
      services: {
        web: { ...IDLE, command: ["sh", "-c", "mkdir -p /app /outside; ln -s /outside /app/deep; exec sleep 3600"] },
      },
    });
    await s.write({ "src/deep/file": "synced" });
    await s.dock(["up", "-d"]);
    const engine = connectEngine({ env: { DOCKER_HOST: `unix://${s.engine.socketPath}` } });
    const { "web/1": container = "" } = await s.ids();
    const copies = [{ source: join(s.directory, "src/deep/file"), target: "/app/deep/file", root: "/app" }];
    const sync = { container, sync: { deletes: [], copies }, owner: { uid: 0, gid: 0 } };
    await expect(syncFiles(engine, sync, AbortSignal.timeout(20_000))).rejects.toThrow(/non-directory/);
    expect(await s.inside("web", "ls", "/outside")).toBe("");
    await s.inside("web", "rm", "/app/deep");
    await syncFiles(engine, sync, AbortSignal.timeout(20_000));
    expect(await s.inside("web", "cat", "/app/deep/file")).toBe("synced");
    await engine.close();
  });
});
