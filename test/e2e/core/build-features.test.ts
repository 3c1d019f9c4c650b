import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, readlink, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { describe, expect } from "vitest";
import { type Scenario, scenario } from "../../support/scenario.ts";

const canary = (): string => `c4n4ry-${randomBytes(8).toString("hex")}`;

/** Every file of the image that the engine holds, unpacked where it is packed. */
async function imageBytes(s: Scenario, tag: string): Promise<string> {
  const tar = await s.engine.raw("GET", `/images/${encodeURIComponent(tag)}/get`);
  const parts = [tar.toString("latin1")];
  for (let at = 0; at + 512 <= tar.length;) {
    const size = Number.parseInt(tar.subarray(at + 124, at + 136).toString() || "0", 8) || 0;
    const body = tar.subarray(at + 512, at + 512 + size);
    if (body[0] === 0x1f && body[1] === 0x8b) parts.push(gunzipSync(body).toString("latin1"));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return parts.join("\n");
}

/** The command lines of all processes of this machine. */
async function commandLines(): Promise<string> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = ids.map(async (id) => readFile(`/proc/${id}/cmdline`, "utf8").catch(() => ""));
  return (await Promise.all(lines)).join("\n");
}

async function filesBelow(root: string): Promise<string> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return (await Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name), "latin1")))).join(
    "\n",
  );
}

async function hasContainerdStore(s: Scenario): Promise<boolean> {
  return JSON.stringify(await s.engine.get("/info")).includes("io.containerd.snapshotter.v1");
}

describe("secrets of a build", () => {
  scenario("reach the step that mounts them and nothing else that anybody keeps or sees", async ({ s }) => {
    const [fromFile, fromEnv, fromFlag] = [canary(), canary(), canary()];
    await s.write({
      "app/Dockerfile": [
        "FROM busybox:latest",
        "RUN --mount=type=secret,id=file --mount=type=secret,id=env --mount=type=secret,id=flag \\",
        "  for id in file env flag; do cat /run/secrets/$id; echo; sha256sum < /run/secrets/$id; done; sleep 1",
        "RUN --mount=type=secret,id=file,target=/etc/token cat /etc/token | sha256sum > /proof",
        "RUN test ! -e /run/secrets/file && test ! -s /etc/token",
        "",
      ].join("\n"),
      "token.txt": `${fromFile}\n`,
      "flag.txt": fromFlag,
    });
    const secrets = [
      { id: "file", file: "token.txt" },
      { id: "env", env: "CANARY_VALUE" },
    ];
    await s.declare({ images: { app: { context: "app", secrets } } });
    const env = { CANARY_VALUE: fromEnv };
    const flag = ["--secret", "id=flag,src=flag.txt"];
    const said = [(await s.dock(["build", "--print", ...flag], { env })).stdout];
    const building = s.start(["-v", "--plain", "build", ...flag], { env });
    await building.until(/\(hidden\)/);
    const seen = [await commandLines()];
    const ended = building.end();
    let running = true;
    void ended.finally(() => (running = false));
    // Again and again while it builds, exports and tags.
    while (running) {
      seen.push(await commandLines());
      await delay(20);
    }
    const built = await ended;
    const processes = seen.join("\n");
    expect(processes).toContain("--secret");
    expect(built.code, building.transcript()).toBe(0);
    said.push(built.stdout, built.stderr);
    expect(built.stderr).toContain("(hidden)");
    for (const secret of [`${fromFile}\n`, fromEnv, fromFlag])
      expect(built.stderr).toContain(createHash("sha256").update(secret).digest("hex"));
    for (const args of [
      ["plan", "--json"],
      ["why", "app"],
      ["config"],
      ["config", "--json"],
      ["build", "--json", "--force", ...flag],
      ["history", "app"],
      ["context", "app", "--json"],
      ["images", "--json"],
    ]) {
      const { stdout, stderr } = await s.run(args, { env });
      said.push(stdout, stderr);
    }
    const failing = {
      dockerfile_inline: "FROM busybox:latest\nRUN --mount=type=secret,id=env cat /run/secrets/env; exit 3\n",
    };
    const tag = `${s.project}-app:latest`;
    await s.declare({ images: { app: { context: "app", secrets }, failing: { ...failing, secrets } } });
    for (const form of ["--plain", "--json"]) {
      const failed = await s.dock(["build", "failing", form], { env, code: 4 });
      expect(failed.stderr).toContain("(hidden)");
      said.push(failed.stdout, failed.stderr);
    }
    const engine = await Promise.all(
      [`/images/${tag}/json`, `/images/${tag}/history`, "/images/json"].map(async (path) => s.engine.get(path)),
    );
    const everything = {
      said: said.join("\n"),
      processes,
      engine: JSON.stringify(engine),
      layers: await imageBytes(s, tag),
      cache: await filesBelow(join(s.root, "cache")),
    };
    for (const [where, text] of Object.entries(everything))
      for (const secret of [fromFile, fromEnv, fromFlag]) expect(text.includes(secret), where).toBe(false);
    expect(everything.layers).toContain(createHash("sha256").update(`${fromFile}\n`).digest("hex"));
    await s.removeUntagged();
  });

  scenario("count by their ids, not by what they hold, and are missed before anything is built", async ({ s }) => {
    await s.write({
      "app/Dockerfile": "FROM busybox:latest\nRUN --mount=type=secret,id=token true\n",
      "token.txt": "one-of-them",
    });
    await s.declare({ images: { app: { context: "app", secrets: [{ id: "token", file: "token.txt" }] } } });
    await s.dock(["build"]);
    await s.write({ "token.txt": "another-one" });
    const same = await s.dock(["build"]);
    expect(same.builderCalled).toBe(false);
    await s.declare({ images: { app: { context: "app", secrets: [{ id: "token", env: "NOT_SET" }] } } });
    expect((await s.dock(["build"])).builderCalled).toBe(false);
    const refused = await s.dock(["build", "--force"], { code: 2 });
    expect(refused.stderr).toContain("secret token of image app: the variable NOT_SET is not set");
    expect(refused.builderCalled).toBe(false);
    await s.declare({ images: { app: { context: "app", secrets: [{ id: "other", file: "token.txt" }] } } });
    const why = await s.dock(["build"]);
    expect(why.stderr).toContain("secrets: token → other");
  });
});

describe("SSH agents of a build", () => {
  scenario("are reached from the step that mounts them; a key file is refused with what to do", async ({ s }) => {
    const socket = join(s.root, "agent.sock");
    const agent = createServer();
    await new Promise<void>((resolve) => agent.listen(socket, resolve));
    try {
      await s.write({
        "app/Dockerfile":
          'FROM busybox:latest\nRUN --mount=type=ssh --mount=type=ssh,id=deploy,target=/deploy.sock test -S "$SSH_AUTH_SOCK" && test -S /deploy.sock\n',
        key: "-----BEGIN OPENSSH PRIVATE KEY-----\n",
      });
      await s.declare({ images: { app: { context: "app", ssh: ["default", `deploy=${socket}`] } } });
      const without = await s.dock(["build"], { code: 2 });
      expect(without.stderr).toContain("SSH agent default of image app: SSH_AUTH_SOCK is not set");
      expect(without.builderCalled).toBe(false);
      await s.dock(["build"], { env: { SSH_AUTH_SOCK: socket } });
      await s.declare({ images: { app: { context: "app", ssh: `deploy=./key` } } });
      const key = await s.dock(["build", "--force", "--ssh", `default=${socket}`], { code: 2 });
      expect(key.stderr).toMatch(/key is a file, and keys are given to builds only by an agent[^]*ssh-add/);
    } finally {
      await new Promise((resolve) => agent.close(resolve));
    }
  });
});

describe("outputs of a build", () => {
  scenario("are written beside the engine's image: a directory, a tar", async ({ s }) => {
    await s.write({
      "app/Dockerfile":
        "FROM busybox:latest AS make\nRUN mkdir -p /out/sub && head -c 300000 /dev/zero > /out/sub/zeros && echo hi > /out/hi && chmod 755 /out/hi && ln -s hi /out/link && ln /out/hi /out/hard && touch /out/empty\nFROM scratch\nCOPY --from=make /out /\n",
      "out/kept": "kept",
    });
    const output = ["type=local,dest=out", { type: "tar", dest: "out.tar" }];
    await s.declare({ images: { app: { context: "app", output } } });
    await s.dock(["build"]);
    expect((await readdir(join(s.directory, "out"))).sort()).toEqual(["empty", "hard", "hi", "kept", "link", "sub"]);
    expect(await s.read("out/hi")).toBe("hi\n");
    expect(await s.read("out/hard")).toBe("hi\n");
    expect(await readlink(join(s.directory, "out/link"))).toBe("hi");
    expect((await stat(join(s.directory, "out/hi"))).mode & 0o777).toBe(0o755);
    expect((await stat(join(s.directory, "out/sub/zeros"))).size).toBe(300_000);
    const tar = await readFile(join(s.directory, "out.tar"));
    expect(tar.subarray(257, 262).toString()).toBe("ustar");
    await rm(join(s.directory, "out"), { recursive: true });
    const again = await s.dock(["build"]);
    expect(again.stderr).toContain("asked for by output");
    expect(await s.read("out/hi")).toBe("hi\n");
    const oci = await s.run(["build", "-o", "type=oci,dest=image.oci"]);
    if (await hasContainerdStore(s)) {
      expect(oci.code).toBe(0);
      expect((await stat(join(s.directory, "image.oci"))).size).toBeGreaterThan(1000);
    } else {
      expect(oci.code).toBe(2);
      expect(oci.stderr).toMatch(/image app asks for output oci,[^]*containerd image store/);
      expect(oci.builderCalled).toBe(false);
    }
  });
});

describe("build cache in a directory", () => {
  scenario("is written where the store can, and read from there when the engine has none", async ({ s }) => {
    await s.write({
      "app/Dockerfile":
        "FROM busybox:latest AS tools\nRUN head -c 20 /dev/urandom | sha256sum > /random\nFROM busybox:latest\nCOPY --from=tools /random /random\nRUN cp /random /copy\n",
    });
    const [from, to] = ["type=local,src=cache", "type=local,dest=cache,mode=max"];
    // The first time there is nothing to read.
    await s.declare({ images: { app: { context: "app", cache_from: from, cache_to: to } } });
    const first = await s.run(["build"]);
    if (!(await hasContainerdStore(s))) {
      expect(first.code).toBe(2);
      expect(first.stderr).toMatch(/image app asks for cache_to a directory,[^]*containerd image store/);
      expect(first.builderCalled).toBe(false);
      await s.declare({ images: { app: { context: "app", cache_from: from } } });
      await s.dock(["build"]);
      return;
    }
    expect(first.code, first.stderr).toBe(0);
    const index = JSON.parse(await s.read("cache/index.json")) as { manifests: { digest: string }[] };
    expect(index.manifests).toHaveLength(1);
    expect(await readdir(join(s.directory, "cache/blobs"))).toEqual(["sha256"]);
    await s.dock(["down", "--rmi"]);
    await s.engine.raw("POST", "/build/prune?all=true");
    const again = await s.dock(["--plain", "build"]);
    expect(again.stderr).toMatch(/[34] steps cached/);
    expect(again.stderr).not.toMatch(/RUN (?:head|cp) .*\d ms/);
    await s.engine.raw("POST", "/build/prune?all=true");
    await s.removeUntagged();
  });
});

describe("a context in an OCI layout", () => {
  scenario("is the image that an output has left there, and counts by its digest", async ({ s }) => {
    const child = 'FROM base\nRUN test "$GREETING" = hello\nCOPY --from=base /mark /copy\n';
    const contexts = { base: "oci-layout://layout" };
    const base = (mark: string): object => ({
      dockerfile_inline: `FROM busybox:latest\nENV GREETING=hello\nRUN echo ${mark} > /mark\n`,
      output: "type=oci,dest=base.oci",
    });
    const declare = (mark: string, more: object = {}): Promise<void> =>
      s.declare({ images: { base: base(mark), ...more } });
    const app = { app: { dockerfile_inline: child.replaceAll("$", "$$$$"), contexts } };
    if (!(await hasContainerdStore(s))) {
      const manifests = [{ digest: `sha256:${"1".repeat(64)}`, size: 1 }];
      await s.write({ "layout/index.json": JSON.stringify({ schemaVersion: 2, manifests }) });
      await s.declare({ images: app });
      const refused = await s.dock(["build"], { code: 2 });
      expect(refused.stderr).toMatch(/image app asks for (?:contexts, )?a context in an OCI layout,/);
      expect(refused.builderCalled).toBe(false);
      return;
    }
    const unpack = async (mark: string): Promise<void> => {
      await declare(mark);
      await s.dock(["build", "base"]);
      await rm(join(s.directory, "layout"), { recursive: true, force: true });
      await mkdir(join(s.directory, "layout"));
      expect(spawnSync("tar", ["-xf", "../base.oci"], { cwd: join(s.directory, "layout") }).status).toBe(0);
      await declare(mark, app);
    };
    await s.declare({ images: app });
    expect((await s.dock(["build"], { code: 2 })).stderr).toContain("layout, is no directory");
    await unpack("one");
    await s.dock(["build", "app"]);
    expect((await s.dock(["build", "app"])).builderCalled).toBe(false);
    expect((await s.dock(["build", "--check", "app"])).stdout).toContain("nothing found");
    await unpack("two");
    expect((await s.dock(["build", "app"])).stderr).toContain("base:index.json");
    await s.declare({ images: { app: { ...app.app, contexts: { base: "oci-layout://layout:other" } } } });
    expect((await s.dock(["build"], { code: 2 })).stderr).toContain("holds no image other");
    await s.removeUntagged();
  });
});

describe("what an engine's store can't do", () => {
  scenario("is said before the build starts, and done where it can be", async ({ s }) => {
    const containerd = await hasContainerdStore(s);
    await s.write({ "app/Dockerfile": "FROM scratch\nCOPY Dockerfile /\n" });
    const cases = [
      ["2 platforms", { platforms: ["linux/amd64", "linux/arm64"] }],
      ["provenance", { provenance: "mode=max" }],
    ] as const;
    for (const [what, more] of cases) {
      await s.declare({ images: { app: { context: "app", ...more } } });
      const run = await s.run(["build"]);
      expect(run.code, run.stderr).toBe(containerd ? 0 : 2);
      if (!containerd) expect(run.stderr).toContain(`image app asks for ${what}, which the builder of Engine `);
      expect(run.builderCalled).toBe(containerd);
      if (containerd) expect((await s.dock(["build"])).builderCalled).toBe(false);
    }
  });
});
