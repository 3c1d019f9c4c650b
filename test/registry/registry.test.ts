import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { BareEngine } from "../support/scenario-engine.ts";
import { DockProcess, type Finished } from "../support/scenario-process.ts";

/** What `npm run test:registry` has set up. */
interface Registry {
  /** Of two engines whose loopbacks both lead to the registry. */
  readonly engines: readonly [string, string];
  readonly address: string;
  readonly user: string;
  readonly password: string;
}

const REGISTRY = JSON.parse(process.env["DOCK_REGISTRY"] ?? "null") as Registry;

/** A project in a place of its own, with a credential helper that writes down who asks it. */
class Place {
  readonly root: string;
  readonly name = `docktest-${randomBytes(4).toString("hex")}`;

  private constructor(root: string) {
    this.root = root;
  }

  static async make(password = REGISTRY.password): Promise<Place> {
    const place = new Place(await mkdtemp(join(tmpdir(), "dock-registry-test-")));
    await place.write({
      "bin/docker-credential-noted": `#!/bin/sh\nread server\necho "$server" >> ${place.root}/asked\necho '${JSON.stringify({ ServerURL: REGISTRY.address, Username: REGISTRY.user, Secret: password })}'\n`,
      "docker/config.json": JSON.stringify({ credHelpers: { [REGISTRY.address]: "noted" } }),
    });
    onTestFinished(async () => {
      for (const host of REGISTRY.engines) await sweep(host, place.name);
      await rm(place.root, { recursive: true, force: true });
    });
    return place;
  }

  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(join(this.root, path, ".."), { recursive: true });
      await writeFile(join(this.root, path), text, { mode: text.startsWith("#!") ? 0o755 : 0o644 });
    }
  }

  async declare(project: object): Promise<void> {
    await this.write({ "dock.yaml": JSON.stringify({ name: this.name, ...project }) });
  }

  async dock(engine: 0 | 1, args: readonly string[]): Promise<Finished> {
    const env = {
      PATH: `${this.root}/bin:${process.env["PATH"] ?? ""}`,
      HOME: this.root,
      XDG_CACHE_HOME: join(this.root, `cache-${engine}`),
      DOCKER_CONFIG: join(this.root, "docker"),
      DOCKER_HOST: REGISTRY.engines[engine],
    };
    return new DockProcess(args, { cwd: this.root, env }).end();
  }
}

/** Removes what bears a project's name, and all build cache. */
async function sweep(host: string, name: string): Promise<void> {
  const engine = new BareEngine({ DOCKER_HOST: host });
  for (const { RepoTags } of await engine.images())
    for (const tag of RepoTags ?? [])
      if (tag.includes(name)) await engine.remove(`/images/${encodeURIComponent(tag)}?force=1`);
  await engine.raw("POST", "/build/prune?all=true");
}

function ok(run: Finished): Finished {
  expect(run.code, run.stderr).toBe(0);
  return run;
}

test("an image is pushed from one engine, pulled by another, and built from there, with credentials from a helper", async () => {
  const place = await Place.make();
  const tag = `${REGISTRY.address}/${place.name}/app:1`;
  await place.write({ Dockerfile: "FROM busybox:latest\nRUN echo pushed > /mark\n" });
  await place.declare({ images: { app: { context: ".", tags: [tag] } } });
  const built = ok(await place.dock(0, ["build", "--push"]));
  expect(built.stderr).toMatch(new RegExp(`pushed ${tag.replaceAll(".", "\\.")}`));
  const again = ok(await place.dock(0, ["push", "app", "--json"]));
  const { pushed } = JSON.parse(again.stdout.trimEnd().split("\n").at(-1) ?? "") as {
    pushed: readonly { ref: string; digest: string }[];
  };
  expect(pushed).toEqual([{ ref: tag, digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as unknown }]);

  const other = await Place.make();
  await other.declare({ services: { app: { image: tag, command: ["cat", "/mark"], task: true } } });
  ok(await other.dock(1, ["pull"]));
  expect(ok(await other.dock(1, ["run", "--rm", "app"])).stdout).toContain("pushed");
  ok(await other.dock(1, ["down", "-v"]));

  const child = await Place.make();
  await child.write({
    Dockerfile: `FROM ${pushed[0] ? `${tag.slice(0, -2)}@${pushed[0].digest}` : ""}\nRUN grep pushed /mark\n`,
  });
  await child.declare({ images: { child: "." } });
  ok(await child.dock(1, ["build", "--pull"]));
  for (const run of [built, again]) expect(run.stdout + run.stderr).not.toContain(REGISTRY.password);
});

test("a wrong password and a tag without a registry are told apart, with what to do", async () => {
  const place = await Place.make("wrong");
  await place.write({ Dockerfile: "FROM busybox:latest\nRUN echo 2 > /mark\n" });
  await place.declare({ images: { app: { context: ".", tags: [`${REGISTRY.address}/${place.name}/app:1`] } } });
  const denied = await place.dock(0, ["build", "--push"]);
  expect(denied.code).toBe(1);
  expect(denied.stderr).toContain(`docker login ${REGISTRY.address}`);
  await place.declare({ images: { app: { context: "." } } });
  const without = await place.dock(0, ["push"]);
  expect(without.code).toBe(2);
  expect(without.stderr).toContain("no image has a tag that names a registry");
});

test("build cache goes through the registry from one engine to the other", async () => {
  const place = await Place.make();
  const ref = `${REGISTRY.address}/${place.name}/app`;
  const steps = "FROM busybox:latest\nRUN head -c 20 /dev/urandom | sha256sum > /random\nRUN cp /random /copy\n";
  await place.write({ Dockerfile: steps });
  const containerd = JSON.stringify(await new BareEngine({ DOCKER_HOST: REGISTRY.engines[0] }).get("/info")).includes(
    "io.containerd.snapshotter.v1",
  );
  const cacheTo = containerd ? `type=registry,ref=${ref}:cache,mode=max` : "type=inline";
  await place.declare({ images: { app: { context: ".", tags: [`${ref}:1`], cache_to: cacheTo } } });
  ok(await place.dock(0, ["build", "--push"]));
  await place.declare({ images: { app: { context: ".", cache_from: containerd ? `${ref}:cache` : `${ref}:1` } } });
  const second = ok(await place.dock(1, ["--plain", "build"]));
  expect(second.stderr).toMatch(/2 steps cached|3 steps cached/);
  expect(second.stderr).not.toMatch(/RUN head .*\d ms/);
});
