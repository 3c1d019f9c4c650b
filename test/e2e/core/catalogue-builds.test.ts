import { spawnSync } from "node:child_process";
import { mkdir, symlink, truncate, utimes } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { type Scenario, scenario } from "../../support/scenario.ts";

/** The project's tags with the ids behind them. */
async function tags(s: Scenario): Promise<Readonly<Record<string, string>>> {
  const pairs = (await s.engine.images()).flatMap(({ Id, RepoTags }) =>
    (RepoTags ?? []).map((tag) => [tag, Id] as const),
  );
  return Object.fromEntries(pairs.filter(([tag]) => tag.startsWith(s.project)));
}

describe("what goes wrong with builds", () => {
  scenario("B1 B5 a Dockerfile or context that can't be one is named before anything is sent", async ({ s }) => {
    await s.write({
      "plain/file": "",
      "dir/Dockerfile/x": "",
      "ignored/Dockerfile": "FROM busybox:latest\nCOPY . /c\nRUN test ! -e /c/Dockerfile\n",
      "ignored/.dockerignore": "Dockerfile\n.dockerignore\n",
      "outside.Dockerfile": "FROM busybox:latest\nCOPY file /\n",
    });
    const refused: readonly [object, RegExp][] = [
      [{ context: "plain" }, /the Dockerfile of image app, .*\/plain\/Dockerfile, does not exist/],
      [{ context: "dir" }, /the Dockerfile of image app, .*\/dir\/Dockerfile, is no file/],
      [{ context: "nowhere" }, /the context of image app, .*\/nowhere, does not exist/],
      [{ context: "plain/file" }, /the context of image app, .*\/plain\/file, is no directory/],
    ];
    for (const [image, message] of refused) {
      await s.declare({ images: { app: image } });
      const run = await s.dock(["build"], { code: 2 });
      expect(run.stderr).toMatch(message);
      expect(run.mutations).toEqual([]);
    }
    await s.write({ "plain/Dockerfile": "" });
    await s.declare({ images: { app: { context: "plain" } } });
    expect((await s.dock(["build"], { code: 4 })).stderr).toMatch(/Dockerfile/);
    await s.declare({
      images: { ignored: "./ignored", outside: { context: "plain", dockerfile: "../outside.Dockerfile" } },
    });
    await s.dock(["build"]);
  });

  scenario(
    "B6 B7 B9 B16 odd files arrive as what they are, or not at all, and nothing hangs or leads out",
    async ({ s }) => {
      const context = join(s.directory, "app");
      const { ApiVersion } = (await s.engine.get("/version")) as { ApiVersion: string };
      // The builder of 20.10 leaves pipes out when it copies.
      const pipe = ApiVersion === "1.41" ? "test ! -e /c/pipe" : "test -p /c/pipe";
      const long = `${"d".repeat(120)}/${"e".repeat(120)}/${"f".repeat(60)}`;
      await s.write({
        "app/Dockerfile": [
          "FROM busybox:latest",
          "COPY . /c",
          'RUN test "$(readlink /c/loop)" = loop && test "$(readlink /c/abs)" = /etc/hostname && test "$(readlink /c/up)" = ../../secret',
          `RUN ${pipe} && test ! -s /c/sock && test -L /c/dangling && test ! -e /c/dangling`,
          `RUN grep deep /c/${long} && grep umlaut /c/ünï-🚀 && test ! -e /c/gone`,
          "RUN grep first /c/same || grep later /c/same && cat /c/same > /same",
          "",
        ].join("\n"),
        [`app/${long}`]: "deep",
        "app/ünï-🚀": "umlaut",
        "app/gone": "",
        "app/same": "first",
        "app/.dockerignore": "gone\n",
        secret: "outside",
      });
      for (const [name, target] of [
        ["loop", "loop"],
        ["abs", "/etc/hostname"],
        ["up", "../../secret"],
        ["dangling", "nowhere"],
      ] as const)
        await symlink(target, join(context, name));
      expect(spawnSync("mkfifo", [join(context, "pipe")]).status).toBe(0);
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(join(context, "sock"), resolve));
      try {
        const future = new Date("2038-01-01T00:00:00Z");
        await utimes(join(context, "same"), future, future);
        await s.declare({ images: { app: "./app" } });
        await s.dock(["build"]);
        const first = await tags(s);
        expect((await s.dock(["build"])).builderCalled).toBe(false);
        await s.write({ "app/same": "later" });
        await utimes(join(context, "same"), future, future);
        await s.dock(["build"]);
        const second = await tags(s);
        const tag = `${s.project}-app:latest`;
        expect(second[tag]).not.toBe(first[tag]);
        await s.declare({ images: {}, services: { app: { image: tag, command: ["cat", "/same"] } } });
        expect((await s.dock(["run", "--rm", "app"])).stdout).toContain("later");
      } finally {
        await new Promise((resolve) => server.close(resolve));
      }
    },
  );

  scenario("B10 ignore files count as the builder reads them; one that can't be read is an error", async ({ s }) => {
    await s.write({
      "app/Dockerfile":
        "FROM busybox:latest\nCOPY . /c\nRUN cd /c && find . -type f | sort | tr '\\n' ' ' > /list && test \"$(cat /list)\" = './Dockerfile ./docs/keep.md ./src/a.ts '\n",
      "app/.dockerignore": `\uFEFF# comment\r\n**/*.log\r\n  docs  \r\n!docs/keep.md\r\n.dockerignore\r\n${"*a".repeat(30)}b\r\n/tmp/\r\n`,
      "app/src/a.ts": "",
      "app/src/deep/x.log": "",
      "app/docs/drop.md": "",
      "app/docs/keep.md": "",
      "app/tmp/x": "",
      [`app/${"a".repeat(200)}b`]: "",
    });
    await s.declare({ images: { app: "./app" } });
    await s.dock(["build"]);
    await mkdir(join(s.directory, "other/.dockerignore"), { recursive: true });
    await s.write({ "other/Dockerfile": "FROM busybox:latest\n" });
    await s.declare({ images: { app: "./other" } });
    const refused = await s.run(["build"]);
    expect(refused.code).toBeGreaterThan(0);
    expect(refused.stderr).toContain(".dockerignore");
    expect(refused.builderCalled).toBe(false);
  });

  scenario("B11 B12 a build that is interrupted or killed leaves no tag and is done by the next", async ({ s }) => {
    await s.write({
      "app/Dockerfile": `FROM busybox:latest\nCOPY big /big\nRUN echo begun ${s.project}; sleep 600\n`,
      "app/big": "",
    });
    await truncate(join(s.directory, "app/big"), 600 * 1024 ** 2);
    await s.declare({ images: { app: "./app" } });
    const sending = s.start(["build", "--json"]);
    await sending.until(/transferring context/, "stdout", 60_000);
    const from = performance.now();
    sending.signal("SIGINT");
    expect((await sending.end()).code).toBe(130);
    expect(performance.now() - from).toBeLessThan(10_000);
    await s.write({ "app/big": "" });
    const running = s.start(["-v", "--plain", "build"]);
    await running.until(/ begun /);
    running.signal("SIGKILL");
    await running.end();
    expect(await tags(s)).toEqual({});
    await s.write({ "app/Dockerfile": "FROM busybox:latest\nCOPY big /big\n" });
    await s.dock(["build"]);
    expect(Object.keys(await tags(s))).toHaveLength(2);
  });

  scenario("B13 two builds of one tag at once both end well, with one image behind the tags", async ({ s }) => {
    await s.write({ "app/Dockerfile": "FROM busybox:latest\nRUN sleep 0.5; date > /date\n" });
    await s.declare({ images: { app: "./app" } });
    const runs = [s.start(["build"]), s.start(["build"])];
    for (const run of runs) expect((await run.end()).code, run.transcript()).toBe(0);
    expect(new Set(Object.values(await tags(s))).size).toBe(1);
  });
});
