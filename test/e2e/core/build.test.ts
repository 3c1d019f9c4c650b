import { describe, expect } from "vitest";
import { EngineTap } from "../../support/engine-tap.ts";
import { IDLE, type Scenario, scenario } from "../../support/scenario.ts";
import { planLines, type PrintedEvent, printedEvents } from "../../support/scenario-plan.ts";

/** How each image ended, by key. */
async function build(s: Scenario, ...args: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const { images = [] } = (await buildEvents(s, ...args)).at(-1) ?? {};
  return Object.fromEntries(images.map(({ name, status }) => [name, status]));
}

async function buildEvents(s: Scenario, ...args: readonly string[]): Promise<readonly PrintedEvent[]> {
  return printedEvents((await s.dock(["build", "--json", ...args])).stdout);
}

/** Ids by tag, of the tags that begin with the project's name. */
async function tags(s: Scenario): Promise<Readonly<Record<string, string>>> {
  const images = await s.engine.images();
  const pairs = images.flatMap(({ Id, RepoTags }) => (RepoTags ?? []).map((tag) => [tag, Id] as const));
  return Object.fromEntries(pairs.filter(([tag]) => tag.startsWith(s.project)));
}

/** The content of a file in an image, by a container that is never started. */
async function fileIn(s: Scenario, image: string, path: string): Promise<string> {
  const { Id } = await s.engine.post<{ Id: string }>(`/containers/create?name=${s.project}-look`, {
    Image: image,
    Cmd: ["true"],
  });
  try {
    const archive = await s.engine.raw("GET", `/containers/${Id}/archive?path=${path}`);
    const size = Number.parseInt(archive.subarray(124, 136).toString(), 8);
    return archive.subarray(512, 512 + size).toString();
  } finally {
    await s.engine.remove(`/containers/${Id}`);
  }
}

describe("build", () => {
  scenario("asks the builder only when inputs changed, and not when they changed back", async ({ s }) => {
    await s.write({ "app/Dockerfile": "FROM busybox:latest\nCOPY file /\n", "app/file": "one\n" });
    await s.declare({ images: { app: { context: "./app" } } });
    expect(await build(s)).toEqual({ app: "built" });
    const first = await tags(s);
    const tag = `${s.project}-app:latest`;
    const input = Object.keys(first).find((name) => name.startsWith(`${s.project}-app:in-`));
    expect(Object.keys(first)).toHaveLength(2);
    expect(first[input ?? ""]).toBe(first[tag]);

    const again = await s.dock(["build"]);
    expect(again.builderCalled).toBe(false);
    expect(again.mutations).toEqual([]);

    await s.write({ "app/file": "two\n" });
    expect(await build(s)).toEqual({ app: "built" });
    const second = await tags(s);
    expect(second[tag]).not.toBe(first[tag]);

    await s.write({ "app/file": "one\n" });
    const back = await s.dock(["build"]);
    expect(back.builderCalled).toBe(false);
    expect(await tags(s)).toEqual({ ...second, [tag]: first[tag] });
  });

  scenario("gives an argument to the images that declare it, and says that it is why", async ({ s }) => {
    await s.write({
      "one/Dockerfile": "FROM busybox:latest\nARG VERSION=1\nRUN echo $VERSION > /version\n",
      "two/Dockerfile": "FROM busybox:latest\nARG VERSION=1\nARG OTHER\nRUN echo $VERSION $OTHER > /version\n",
      "none/Dockerfile": "FROM busybox:latest\nRUN true\n",
    });
    await s.declare({
      images: { one: { context: "one" }, two: { context: "two" }, none: { context: "none" } },
    });
    await build(s);

    const [plan] = await buildEvents(s, "one", "--arg", "VERSION=2");
    expect(plan?.plan && planLines(plan.plan, s)).toEqual(["image.build image:one: arg-changed VERSION (none) → 2"]);
    const shown = await s.dock(["build", "one", "--arg", "VERSION=3"]);
    expect(shown.stderr).toMatch(/arg VERSION: .*3/);
    expect(await fileIn(s, `${s.project}-one:latest`, "/version")).toBe("3\n");

    expect(await build(s, "--arg", "OTHER=5")).toEqual({ none: "unchanged", one: "unchanged", two: "built" });
    expect(await build(s, "--arg", "VERSION=4")).toEqual({ none: "unchanged", one: "built", two: "built" });
    expect(await build(s, "--arg", "one.VERSION=4")).toEqual({ none: "unchanged", one: "unchanged", two: "unchanged" });
  });

  scenario("refuses an argument that nobody declares, with a guess (B3)", async ({ s }) => {
    await s.write({ "app/Dockerfile": "FROM busybox:latest\nARG VERSION=1\nRUN echo $VERSION\n" });
    await s.declare({ images: { app: { context: "app" } } });
    const refused = await s.dock(["build", "--arg", "VERSOIN=2"], { code: 2 });
    expect(refused.stderr).toContain('did you mean "VERSION"?');
    expect(refused.mutations).toEqual([]);
    expect(refused.builderCalled).toBe(false);
  });

  scenario("that fails shows where and leaves containers and tags alone (B2)", async ({ s }) => {
    await s.write({ "app/Dockerfile": 'FROM busybox:latest\nRUN true\nCMD ["sleep", "3600"]\n' });
    await s.declare({
      images: { app: { context: "app" } },
      services: { app: { image: "app", stop_signal: "SIGKILL" }, db: IDLE },
    });
    await s.dock(["up", "-d"]);
    const before = { ids: await s.ids(), tags: await tags(s) };
    await s.write({
      "app/Dockerfile": "FROM busybox:latest\nRUN true\nRUN for i in $(seq 30); do echo line $i; done; exit 7\n",
    });
    for (const command of [["build"], ["up", "-d"]]) {
      const failed = await s.dock(command, { code: 4 });
      expect(failed.stderr).toMatch(/step \[\d\/\d\] RUN for i in .* failed with exit code 7/);
      expect(failed.stderr).toMatch(/Dockerfile:3\b[^]*> 3 \| RUN for i/);
      expect(failed.stderr).toMatch(/line 11\n[^]*line 30\n/);
      expect(failed.stderr).not.toMatch(/line 10\n/);
      expect({ ids: await s.ids(), tags: await tags(s) }).toEqual(before);
    }
    const { stdout } = await s.dock(["build", "--json"], { code: 4 });
    expect(printedEvents(stdout).at(-1)).toMatchObject({ type: "result", ok: false, error: { code: "build-failed" } });
  });

  scenario("says what is wrong with a Dockerfile or a base image (B4)", async ({ s }) => {
    await s.declare({ images: { app: { context: "app" } } });
    await s.write({ "app/Dockerfile": "FROM busybox:latest\nRNU true\n" });
    const misspelled = await s.dock(["build"], { code: 4 });
    expect(misspelled.stderr).toMatch(/line 2.*RNU/);
    await s.write({ "app/Dockerfile": "FROM busybox:latest\nCOPY nothing /\n" });
    const lacking = await s.dock(["build"], { code: 4 });
    expect(lacking.stderr).toMatch(/COPY nothing \/[^]*nothing.*not found/);
    await s.write({ "app/Dockerfile": `FROM ${s.project}.invalid/nothing:1\n` });
    const baseless = await s.dock(["build"], { code: 4 });
    expect(baseless.stderr).toContain(`${s.project}.invalid/nothing`);
  });

  scenario("builds independent images at the same time", async ({ s }) => {
    // Each step ends only when the other one has begun; the project's name keeps an earlier run's result away.
    const meet = (own: string, other: string): string =>
      `FROM busybox:latest\nRUN --mount=type=cache,target=/meet,id=${s.project} touch /meet/${own}; : ${s.project}; ` +
      `for i in $(seq 300); do [ -e /meet/${other} ] && exit 0; sleep 0.1; done; exit 9\n`;
    await s.write({ "a/Dockerfile": meet("a", "b"), "b/Dockerfile": meet("b", "a") });
    await s.declare({ images: { a: { context: "a" }, b: { context: "b" } } });
    expect(await build(s)).toEqual({ a: "built", b: "built" });
  });

  scenario("builds what an image starts and copies from first, and tags no bare key", async ({ s }) => {
    await s.write({
      "base/Dockerfile": "FROM busybox:latest\nRUN echo base > /base\n",
      "tools/Dockerfile": "FROM busybox:latest\nRUN echo tool > /tool\n",
      "app/Dockerfile":
        "FROM base AS start\nCOPY --from=tools /tool /tool\nRUN --mount=type=bind,from=tools,target=/t cat /base /t/tool > /both\nFROM start\n",
      "other/Dockerfile": "FROM busybox:latest\nRUN false\n",
    });
    const images = Object.fromEntries(["app", "base", "other", "tools"].map((key) => [key, { context: key }]));
    await s.declare({ images });
    const events = await buildEvents(s, "app");
    const order = events.flatMap(({ type, id }) => (/^action-(started|done)$/.test(type) ? [`${type} ${id}`] : []));
    const at = (line: string): number => order.indexOf(line);
    expect(at("action-done image.build image:base")).toBeLessThan(at("action-started image.build image:app"));
    expect(at("action-done image.build image:tools")).toBeLessThan(at("action-started image.build image:app"));
    expect(order.join()).not.toContain("image:other");
    expect(await fileIn(s, `${s.project}-app:latest`, "/both")).toBe("base\ntool\n");
    const all = (await s.engine.images()).flatMap(({ RepoTags }) => RepoTags ?? []);
    expect(all.filter((tag) => /^(base|tools|app)(:|$)/.test(tag))).toEqual([]);

    await s.write({ "base/Dockerfile": "FROM busybox:latest\nRUN echo newer > /base\n" });
    const [plan] = await buildEvents(s, "app");
    expect(plan?.plan && planLines(plan.plan, s)).toEqual([
      "image.build image:base: dockerfile-changed",
      "image.build image:app: base-changed image:base … → …",
    ]);
    expect(await fileIn(s, `${s.project}-app:latest`, "/both")).toBe("newer\ntool\n");
  });

  scenario("takes a tag and a target for one image", async ({ s }) => {
    await s.write({
      "app/Dockerfile":
        "FROM busybox:latest AS lean\nRUN echo lean > /kind\nFROM lean AS full\nRUN echo full > /kind\n",
      "other/Dockerfile": "FROM busybox:latest\n",
    });
    await s.declare({ images: { app: { context: "app" }, other: { context: "other" } } });
    const special = `${s.project}-special:v1`;
    await s.dock(["build", "app", "--target", "lean", "-t", special]);
    expect(await fileIn(s, special, "/kind")).toBe("lean\n");
    expect(await tags(s)).not.toHaveProperty([`${s.project}-app:latest`]);
    await s.dock(["build", "app"]);
    expect(await fileIn(s, `${s.project}-app:latest`, "/kind")).toBe("full\n");
    expect(await fileIn(s, special, "/kind")).toBe("lean\n");
    const several = await s.dock(["build", "--target", "lean"], { code: 2 });
    expect(several.stderr).toContain("exactly one image");
    const missing = await s.dock(["build", "app", "--target", "laen"], { code: 4 });
    expect(missing.stderr).toContain("laen");
  });

  scenario("runs every step again with --no-cache and prints definitions without an engine", async ({ s }) => {
    await s.write({
      "app/Dockerfile": "FROM busybox:latest\nARG A=1\nRUN cat /proc/sys/kernel/random/uuid > /once\n",
    });
    await s.declare({ images: { app: { context: "app", args: { A: "2" } } } });
    await s.dock(["build"]);
    const once = await fileIn(s, `${s.project}-app:latest`, "/once");
    expect(await build(s, "--force")).toEqual({ app: "cached" });
    expect(await fileIn(s, `${s.project}-app:latest`, "/once")).toBe(once);
    expect(await build(s, "--no-cache")).toEqual({ app: "built" });
    expect(await fileIn(s, `${s.project}-app:latest`, "/once")).not.toBe(once);

    const printed = await s.dock(["build", "--print", "--arg", "A=3"], { host: "unix:///nowhere.sock" });
    expect(JSON.parse(printed.stdout)).toMatchObject({
      images: { app: { context: `${s.directory}/app`, args: { A: "3" }, tags: [`${s.project}-app:latest`] } },
    });
    await s.removeUntagged();
  });

  scenario("leaves no input tag behind after down --rmi, however many an image has", async ({ s }) => {
    await s.write({ "app/Dockerfile": "FROM busybox:latest\nRUN echo removed > /file\n" });
    await s.declare({ images: { app: { context: "app" } } });
    await s.dock(["build", "app", "-t", `${s.project}-app:in-${"0".repeat(64)}`]);
    const repository = `${s.project}-app`;
    for (let index = 1; index < 16; index += 1) {
      const tag = `in-${index.toString(16).repeat(64)}`;
      await s.engine.post(`/images/${repository}:in-${"0".repeat(64)}/tag?repo=${repository}&tag=${tag}`);
    }
    await s.dock(["down", "--rmi"]);
    expect(await tags(s)).toEqual({});
  });

  scenario("builds again when a file changes while it is built (B8)", async ({ s }) => {
    const wait = `RUN --mount=type=cache,target=/meet,id=${s.project} echo waiting for ${s.project}; [ -e /meet/go ] || sleep 2; touch /meet/go`;
    await s.write({ "app/Dockerfile": `FROM busybox:latest\nCOPY file /\n${wait}\n`, "app/file": "one\n" });
    await s.declare({ images: { app: { context: "app" } } });
    const run = s.start(["build", "-v"]);
    await run.until(/waiting/);
    await s.write({ "app/file": "two\n" });
    expect((await run.end()).code).toBe(0);
    expect(run.stderr).toMatch(/file changed during the build; building again/);
    expect(await fileIn(s, `${s.project}-app:latest`, "/file")).toBe("two\n");
    expect((await s.dock(["build"])).builderCalled).toBe(false);
    await s.removeUntagged();
  });

  scenario("sends a file as it is when it is saved between the look at it and the transfer", async ({ s }) => {
    await s.write({ "app/Dockerfile": "FROM busybox:latest\nCOPY file /\n", "app/file": `${s.project} one\n` });
    await s.declare({ images: { app: { context: "app" } } });
    let lists = 0;
    // The file is looked at after the first list; what was seen is still good after the second, under the lock.
    await using tap = await EngineTap.start(s.engine.socketPath, async ({ path }) => {
      if (path.endsWith("/images/json")) lists += 1;
      if (path.endsWith("/images/json") && lists === 2) await s.write({ "app/file": `${s.project} two\n` });
      return undefined;
    });
    const run = await s.dock(["build"], { host: `unix://${tap.socketPath}` });
    expect(run.stderr).toMatch(/file changed during the build; building again/);
    expect(await fileIn(s, `${s.project}-app:latest`, "/file")).toBe(`${s.project} two\n`);
    expect((await s.dock(["build"])).builderCalled).toBe(false);
    await s.removeUntagged();
  });
});
