import { rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { eventually, IDLE, type Scenario, scenario } from "../support/scenario.ts";
import type { DockProcess, Finished } from "../support/scenario-process.ts";

interface WatchLine {
  readonly type: string;
  readonly action?: string;
  readonly services?: readonly string[];
  readonly files?: readonly string[];
  readonly ok?: boolean;
  readonly message?: string;
  readonly durationMs?: number;
  readonly error?: { readonly code: string; readonly detail?: string };
}

/** A running `dock watch --json` and what it has said. */
class Watching {
  readonly #process: DockProcess;
  #read = 0;

  constructor(process: DockProcess) {
    this.#process = process;
  }

  static async begin(s: Scenario, args: readonly string[] = ["watch"]): Promise<Watching> {
    const watching = new Watching(s.start([...args, "--json"]));
    await watching.#process.until(/"type":"watch-ready"/, "stdout", 60_000);
    await watching.#process.until(/\n$/, "stdout");
    watching.lines();
    return watching;
  }

  /** Complete lines that were not read yet. */
  lines(): readonly WatchLine[] {
    const end = this.#process.stdout.lastIndexOf("\n") + 1;
    const text = this.#process.stdout.slice(this.#read, end);
    this.#read = end;
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as WatchLine);
  }

  /** The next action of a kind; those before it are passed over. */
  async action(action: string): Promise<WatchLine> {
    const seen: WatchLine[] = [];
    return eventually(async () => {
      const lines = this.lines();
      seen.push(...lines);
      const found = lines.find((line) => line.type === "watch-action" && line.action === action);
      if (!found)
        throw new Error(`no ${action}, but ${JSON.stringify(seen.filter(({ type }) => type.startsWith("watch")))}`);
      return found;
    }, 60_000);
  }

  async end(signal: NodeJS.Signals = "SIGINT"): Promise<Finished> {
    this.#process.signal(signal);
    return this.#process.end();
  }
}

/** Installs what package.json lists, a word a line, as a package manager would. */
const INSTALL = `FROM busybox:latest
WORKDIR /app
COPY package.json .
RUN for name in $(cat package.json); do mkdir -p node_modules/$name && echo "module $name" > node_modules/$name/index.js; done; test ! -d node_modules/broken
COPY . .
CMD ["sleep", "3600"]
`;

async function app(s: Scenario): Promise<void> {
  await s.write({
    "app/Dockerfile": INSTALL,
    "app/package.json": "left\n",
    "app/src/main.js": "one\n",
    "app/.dockerignore": "node_modules\n",
  });
  await s.declare({
    images: { app: { context: "./app" } },
    services: {
      app: { image: "app", stop_signal: "SIGKILL", dev: { mounts: ["./app:/app", "/app/node_modules"] } },
      db: { ...IDLE },
    },
  });
}

const volumesOf = async (s: Scenario): Promise<readonly string[]> =>
  (await s.engine.get<{ Volumes: { Name: string }[] | null }>("/volumes")).Volumes?.map(({ Name }) => Name).filter(
    (name) => name.startsWith(s.project),
  ) ?? [];

describe("watch", () => {
  scenario("leaves everything alone when bind-mounted source is saved: the container sees it", async ({ s }) => {
    await app(s);
    const watching = await Watching.begin(s);
    const ids = await s.ids();
    const from = s.proxy.requests.length;
    await s.write({ "app/src/main.js": "two\n" });
    expect(await watching.action("live")).toMatchObject({ services: ["app"], files: ["app/src/main.js"], ok: true });
    await s.write({ "app/src/new.js": "new\n" });
    expect(await watching.action("live")).toMatchObject({ files: ["app/src/new.js"] });
    expect(s.proxy.requests.slice(from).filter(({ mutating }) => mutating)).toEqual([]);
    expect(await s.ids()).toEqual(ids);
    expect(await s.inside("app", "cat", "/app/src/main.js")).toBe("two");
    const { code, stdout } = await watching.end();
    expect(code).toBe(0);
    expect(JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({ type: "result", ok: true });
    expect(await s.ids()).toEqual(ids);
  });

  scenario(
    "brings a new dependency in: new image, new container, new volume with the module, the old volume gone",
    async ({ s }) => {
      await app(s);
      const watching = await Watching.begin(s);
      const before = { ids: await s.ids(), volumes: await volumesOf(s) };
      expect(before.volumes).toHaveLength(1);
      await s.write({ "app/package.json": "left\nright\n" });
      expect(await watching.action("rebuild")).toMatchObject({
        services: ["app"],
        files: ["app/package.json"],
        ok: true,
      });
      const after = { ids: await s.ids(), volumes: await volumesOf(s) };
      expect(after.ids["app/1"]).not.toBe(before.ids["app/1"]);
      expect(after.ids["db/1"]).toBe(before.ids["db/1"]);
      expect(await s.inside("app", "cat", "/app/node_modules/right/index.js")).toBe("module right");
      expect(after.volumes).toHaveLength(1);
      expect(after.volumes).not.toEqual(before.volumes);
      await watching.end();
    },
  );

  scenario(
    "replaces only the service that a change of the project file is about, and survives a broken file",
    async ({ s }) => {
      await s.declare({ services: { a: { ...IDLE }, b: { ...IDLE } } });
      const watching = await Watching.begin(s);
      const before = await s.ids();
      await s.declare({ services: { a: { ...IDLE, environment: { MODE: "new" } }, b: { ...IDLE } } });
      expect(await watching.action("reload")).toMatchObject({ files: ["dock.yaml"], ok: true });
      const after = await s.ids();
      expect(after["a/1"]).not.toBe(before["a/1"]);
      expect(after["b/1"]).toBe(before["b/1"]);
      await s.write({ "dock.yaml": "services:\n  a:\n    imaeg: busybox\n" });
      expect(await watching.action("reload")).toMatchObject({ ok: false, error: { code: "invalid-project" } });
      expect(await s.ids()).toEqual(after);
      await s.declare({
        services: { a: { ...IDLE, environment: { MODE: "new" } }, b: { ...IDLE, environment: { X: "1" } } },
      });
      expect(await watching.action("reload")).toMatchObject({ ok: true });
      const mended = await s.ids();
      expect(mended["a/1"]).toBe(after["a/1"]);
      expect(mended["b/1"]).not.toBe(after["b/1"]);
      const part = async (level: string): Promise<void> =>
        s.write({ "parts/b.yaml": JSON.stringify({ services: { b: { ...IDLE, environment: { X: level } } } }) });
      await part("1");
      await s.declare({ include: ["parts/b.yaml"], services: { a: { ...IDLE, environment: { MODE: "new" } } } });
      expect(await watching.action("reload")).toMatchObject({ ok: true });
      expect(await s.ids()).toEqual(mended);
      await part("2");
      expect(await watching.action("reload")).toMatchObject({ files: ["parts/b.yaml"], ok: true });
      const included = await s.ids();
      expect(included["a/1"]).toBe(mended["a/1"]);
      expect(included["b/1"]).not.toBe(mended["b/1"]);
      await watching.end();
    },
  );

  scenario("keeps the last good container while a build fails, and recovers with the next good save", async ({ s }) => {
    await app(s);
    const watching = await Watching.begin(s);
    const before = await s.ids();
    await s.write({ "app/package.json": "left\nbroken\n" });
    const failed = await watching.action("rebuild");
    expect(failed).toMatchObject({ ok: false, error: { code: "build-failed" } });
    expect(await s.ids()).toEqual(before);
    expect(await s.inside("app", "cat", "/app/node_modules/left/index.js")).toBe("module left");
    await s.write({ "app/package.json": "left\nmended\n" });
    expect(await watching.action("rebuild")).toMatchObject({ ok: true });
    expect(await s.inside("app", "cat", "/app/node_modules/mended/index.js")).toBe("module mended");
    await watching.end();
  });

  scenario("comes up with the first good save where the first build fails", async ({ s }) => {
    await app(s);
    await s.write({ "app/package.json": "broken\n" });
    const watching = await Watching.begin(s);
    expect((await s.ids())["app/1"]).toBeUndefined();
    await s.write({ "app/package.json": "good\n" });
    expect(await watching.action("rebuild")).toMatchObject({ ok: true });
    expect(await s.inside("app", "cat", "/app/node_modules/good/index.js")).toBe("module good");
    await watching.end();
  });

  scenario("syncs, deletes, restarts and runs commands by rules, in the same container", async ({ s }) => {
    await s.write({ "site/index.html": "one\n", "site/old.html": "old\n", "conf/app.conf": "1\n", "sql/1.sql": "1\n" });
    await s.declare({
      services: {
        web: {
          ...IDLE,
          dev: {
            watch: [
              { path: "./site", action: "sync", target: "/srv/site" },
              { path: "./conf", action: "sync+restart", target: "/etc/app" },
              { path: "./sql", action: "exec", exec: ["sh", "-c", "echo ran >> /tmp/ran"] },
            ],
          },
        },
      },
    });
    const watching = await Watching.begin(s);
    const before = await s.ids();
    await eventually(async () => expect(await s.inside("web", "cat", "/srv/site/index.html")).toBe("one"));
    await s.write({ "site/index.html": "two\n", "site/deep/er/new.html": "new\n" });
    await rm(join(s.directory, "site/old.html"));
    expect(await watching.action("sync")).toMatchObject({ services: ["web"], ok: true });
    await eventually(async () => {
      expect(
        await s.inside("web", "sh", "-c", "cd /srv/site && find . -type f | sort && cat index.html deep/er/new.html"),
      ).toBe("./deep/er/new.html\n./index.html\ntwo\nnew");
    });
    const started = async (): Promise<string> =>
      (await s.engine.get<{ State: { StartedAt: string } }>(`/containers/${before["web/1"]}/json`)).State.StartedAt;
    const first = await started();
    await s.write({ "conf/app.conf": "2\n" });
    expect(await watching.action("restart")).toMatchObject({ services: ["web"], files: ["conf/app.conf"], ok: true });
    expect(await started()).not.toBe(first);
    expect(await s.inside("web", "cat", "/etc/app/app.conf")).toBe("2");
    await s.write({ "sql/1.sql": "2\n", "sql/2.sql": "2\n" });
    expect((await watching.action('exec "sh -c echo ran >> /tmp/ran"')).ok).toBe(true);
    expect(await s.inside("web", "cat", "/tmp/ran")).toBe("ran");
    expect(await s.ids()).toEqual(before);
    await watching.end();
  });

  scenario(
    "what is synced belongs to the container's user and keeps its rights, and a link stays a link",
    async ({ s }) => {
      await s.write({ "bin/tool": "#!/bin/sh\necho one\n", "bin/plain": "1\n" });
      await symlink("tool", join(s.directory, "bin/link"));
      await s.declare({
        services: {
          web: { ...IDLE, user: "1000:1001", dev: { watch: [{ path: "./bin", action: "sync", target: "/opt/bin" }] } },
        },
      });
      const watching = await Watching.begin(s);
      const list = (): Promise<string> =>
        s.inside("web", "sh", "-c", "cd /opt/bin && stat -c '%n %A %u:%g' * && readlink link && ./tool");
      await eventually(async () => {
        expect(await list()).toBe(
          "link lrwxrwxrwx 1000:1001\nplain -rw-r--r-- 1000:1001\ntool -rwxr-xr-x 1000:1001\ntool\none",
        );
      });
      await s.write({ "bin/tool": "#!/bin/sh\necho two\n" });
      await eventually(async () => expect(await list()).toMatch(/two$/));
      await watching.end();
    },
  );

  scenario("fills a new container by its sync rules", async ({ s }) => {
    await s.write({
      "site/index.html": "one\n",
      "web/Dockerfile": 'FROM busybox:latest\nCOPY mark /\nCMD ["sleep", "3600"]\n',
      "web/mark": "1\n",
    });
    await s.declare({
      images: { web: { context: "./web" } },
      services: {
        web: {
          image: "web",
          stop_signal: "SIGKILL",
          dev: { watch: [{ path: "./site", action: "sync", target: "/srv" }] },
        },
      },
    });
    const watching = await Watching.begin(s);
    await s.write({ "site/index.html": "two\n" });
    await watching.action("sync");
    await s.write({ "web/mark": "2\n" });
    expect(await watching.action("rebuild")).toMatchObject({ ok: true });
    await eventually(async () => expect(await s.inside("web", "cat", "/mark", "/srv/index.html")).toBe("2\ntwo"));
    await watching.end();
  });

  scenario("restarts or signals a service whose bind-mounted files ask for it", async ({ s }) => {
    const hears = ["sh", "-c", "trap 'cat /conf/a > /heard' HUP; while :; do sleep 0.1; done"];
    await s.write({ "conf/a": "1\n", "code/a": "1\n" });
    await s.declare({
      services: {
        hears: {
          image: "busybox:latest",
          command: hears,
          stop_signal: "SIGKILL",
          dev: { mounts: ["./conf:/conf"], reload: { signal: "SIGHUP" } },
        },
        restarts: { ...IDLE, dev: { mounts: ["./code:/code"], reload: "restart" } },
      },
    });
    const watching = await Watching.begin(s);
    const before = await s.ids();
    await s.write({ "conf/a": "2\n" });
    expect(await watching.action("signal SIGHUP")).toMatchObject({ services: ["hears"], ok: true });
    await eventually(async () => expect(await s.inside("hears", "cat", "/heard")).toBe("2"));
    await s.write({ "code/a": "2\n" });
    expect(await watching.action("restart")).toMatchObject({ services: ["restarts"], ok: true });
    expect(await s.ids()).toEqual(before);
    await watching.end();
  });

  scenario("a save during a build ends with the newest content, built once more at most", async ({ s }) => {
    await app(s);
    await s.write({ "app/Dockerfile": INSTALL.replace("RUN ", "RUN sleep 2; ") });
    const watching = await Watching.begin(s);
    await s.write({ "app/package.json": "left\nsecond\n" });
    await eventually(async () => {
      if (!watching.lines().some(({ type }) => type === "build-step")) throw new Error("not building yet");
    });
    await s.write({ "app/package.json": "left\nthird\n" });
    expect(await watching.action("rebuild")).toMatchObject({ ok: true });
    expect(await s.inside("app", "ls", "/app/node_modules")).toBe("left\nthird");
    await watching.end();
  });

  scenario("runs as up --watch too, and ends with 143 when it is terminated", async ({ s }) => {
    await app(s);
    const watching = await Watching.begin(s, ["up", "--watch"]);
    await s.write({ "app/src/main.js": "two\n" });
    expect(await watching.action("live")).toMatchObject({ ok: true });
    expect((await watching.end("SIGTERM")).code).toBe(143);
    expect((await s.containers())["app/1"]?.State).toBe("running");
  });

  scenario("ends at once with the exit code of up where no edit would help", async ({ s }) => {
    await s.declare({ services: { a: { ...IDLE, dev: { mounts: ["./missing:/app"] } } } });
    expect((await s.run(["watch"])).code).toBe(2);
    await s.declare({ services: { a: { ...IDLE } } });
    expect((await s.run(["watch"], { host: "unix:///nowhere/docker.sock" })).code).toBe(3);
    expect((await s.run(["watch", "nobody"])).code).toBe(2);
  });

  scenario("explains what a save would do, in words and as JSON, and touches nothing", async ({ s }) => {
    await app(s);
    await s.run(["up", "-d"]);
    const words = await s.run(["explain", "app/package.json"]);
    expect(words).toMatchObject({ code: 0 });
    expect(words.stdout).toMatch(/rebuild image app, then replace the containers of app[^]*COPY package\.json/);
    const { stdout } = await s.run(["explain", "app/src/main.js", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      path: "app/src/main.js",
      decisions: [{ action: "live", services: ["app"] }],
      mounts: [{ service: "app", target: "/app/src/main.js" }],
      images: [{ image: "app", step: { place: "Dockerfile:5" }, meaning: { kind: "hidden" } }],
    });
    expect(await s.run(["explain", "app"])).toMatchObject({ code: 2 });
    expect((await s.run(["plan", "--detailed-exitcode"])).code).toBe(0);
  });

  scenario(
    "what sync rules keep is no reason to rebuild, and edits and deletes while nothing watched are caught up by up",
    async ({ s }) => {
      await s.write({
        "app/Dockerfile":
          'FROM busybox:latest\nWORKDIR /app\nCOPY lock .\nRUN cat lock\nCOPY src src\nCMD ["sleep", "3600"]\n',
        "app/lock": "1\n",
        "app/src/a.txt": "one\n",
        "app/src/b.txt": "b\n",
        "conf/late.conf": "1\n",
      });
      await s.declare({
        images: { app: { context: "./app" } },
        services: {
          app: {
            image: "app",
            scale: 2,
            stop_signal: "SIGKILL",
            dev: {
              watch: [
                { path: "./app/src", action: "sync", target: "/app/src" },
                { path: "./conf", action: "sync", target: "/etc/app" },
              ],
            },
          },
        },
      });
      await s.run(["up", "-d"]);
      const before = await s.ids();
      const seen = async (number: number): Promise<string> =>
        (
          await s.run([
            "exec",
            "-T",
            "--index",
            String(number),
            "app",
            "sh",
            "-c",
            "cd /app/src && cat *; ls /app/src /etc/app",
          ])
        ).stdout;
      expect(await seen(1)).toBe("one\nb\n/app/src:\na.txt\nb.txt\n\n/etc/app:\nlate.conf\n");
      await s.write({ "app/src/a.txt": "two\n", "conf/new.conf": "2\n" });
      await rm(join(s.directory, "conf/late.conf"));
      const again = await s.run(["up", "-d"]);
      expect(again.builderCalled).toBe(false);
      expect(await s.ids()).toEqual(before);
      for (const number of [1, 2]) {
        expect(await seen(number)).toBe("two\nb\n/app/src:\na.txt\nb.txt\n\n/etc/app:\nnew.conf\n");
      }
      expect((await s.run(["up", "-d"])).mutations).toEqual([]);
      await s.run(["stop"]);
      await s.write({ "app/src/a.txt": "three\n" });
      await s.run(["up", "-d"]);
      expect(await s.ids()).toEqual(before);
      expect(await seen(2)).toMatch(/^three/);
      await rm(join(s.directory, "app/src/b.txt"));
      await s.run(["up", "-d"]);
      expect(await seen(1)).toMatch(/^three\n\/app/);
      expect((await s.run(["plan", "--detailed-exitcode"])).code).toBe(0);
    },
  );

  scenario("writes into files that are there without another inode, for programs that watch them", async ({ s }) => {
    await s.write({ "src/a.txt": "one\n", "src/tool": "#!/bin/sh\necho 1\n" });
    await s.declare({
      services: { web: { ...IDLE, dev: { watch: [{ path: "./src", action: "sync", target: "/srv" }] } } },
    });
    const watching = await Watching.begin(s);
    const inode = async (): Promise<string> => s.inside("web", "stat", "-c", "%i %A", "/srv/a.txt");
    const before = await inode();
    for (const text of ["two", "three", "four"]) {
      await s.write({ "src/a.txt": `${text}\n` });
      await eventually(async () => expect(await s.inside("web", "cat", "/srv/a.txt")).toBe(text));
      expect(await inode()).toBe(before);
    }
    expect(await s.inside("web", "sh", "-c", "ls -a / | grep dock-stage || echo none")).toBe("none");
    // Never through a link that somebody in the container has made.
    await s.inside("web", "sh", "-c", "echo safe > /tmp/other && rm /srv/a.txt && ln -s /tmp/other /srv/a.txt");
    await s.write({ "src/a.txt": "five\n" });
    await eventually(async () => expect(await s.inside("web", "cat", "/srv/a.txt", "/tmp/other")).toBe("five\nsafe"));
    await watching.end();
    await eventually(async () =>
      expect(await s.inside("web", "sh", "-c", "ps | grep -c 'read -r fro[m]' || true")).toBe("0"),
    );
  });

  scenario("polls where asked, and says what that costs", async ({ s }) => {
    await s.write({ "site/index.html": "one\n" });
    await s.declare({
      services: { web: { ...IDLE, dev: { watch: [{ path: "./site", action: "sync", target: "/srv" }] } } },
    });
    expect((await s.run(["watch", "--poll", "10"])).code).toBe(2);
    const watching = await Watching.begin(s, ["watch", "--poll", "200"]);
    await s.write({ "site/index.html": "two\n" });
    await eventually(async () => expect(await s.inside("web", "cat", "/srv/index.html")).toBe("two"));
    await eventually(async () => {
      const said = watching.lines().some(({ message }) => message?.startsWith("polling every 200 ms takes"));
      if (!said) throw new Error("nothing about the cost yet");
    }, 30_000);
    await watching.end();
  });

  scenario("shows what a service said that has ended with an error, and leaves it at that", async ({ s }) => {
    await s.declare({
      services: {
        a: { ...IDLE },
        dies: { image: "busybox:latest", command: ["sh", "-c", "sleep 4; echo farewell; exit 3"] },
      },
    });
    const watching = await Watching.begin(s);
    await eventually(async () => {
      const lines = watching.lines();
      if (!lines.some(({ message }) => /farewell/.test(message ?? ""))) throw new Error("nothing said yet");
    }, 30_000);
    expect((await s.containers())["dies/1"]?.State).toBe("exited");
    await watching.end();
  });

  scenario("a secret's file is watched like an env file", async ({ s }) => {
    await s.write({ "token.txt": "one\n" });
    await s.declare({
      secrets: { token: { file: "./token.txt" } },
      services: { a: { ...IDLE, secrets: ["token"] }, b: { ...IDLE } },
    });
    const watching = await Watching.begin(s);
    const before = await s.ids();
    await s.write({ "token.txt": "two\n" });
    expect(await watching.action("reload")).toMatchObject({ files: ["token.txt"], ok: true });
    expect(await s.inside("a", "cat", "/run/secrets/token")).toBe("two");
    expect((await s.ids())["b/1"]).toBe(before["b/1"]);
    await watching.end();
  });
});
