import { expect } from "vitest";
import { scenario } from "../../support/scenario.ts";

const DOCKERFILE = "FROM busybox:latest\nRUN cat /proc/sys/kernel/random/uuid > /first\nCOPY page /page\n";

scenario(
  "prune removes old builds and nothing else; history tells what was cached and who shares it",
  async ({ s }) => {
    await s.write({ "app/Dockerfile": DOCKERFILE, "app/page": "0" });
    await s.write({
      "site/Dockerfile": "FROM app\nRUN echo site > /site\n",
      "app/.env": "x",
      "app/node_modules/big": "x".repeat(200_000),
    });
    await s.declare({ images: { app: { context: "./app" }, site: { context: "./site" } } });
    const inputs = async (): Promise<readonly string[]> =>
      (await s.engine.images())
        .flatMap(({ RepoTags }) => RepoTags ?? [])
        .filter((tag) => tag.startsWith(`${s.project}-app:in-`))
        .sort();
    const second = (): number => Math.floor(Date.now() / 1000);
    for (const page of ["1", "2", "3"]) {
      await s.write({ "app/page": page });
      await s.dock(["build", "app"]);
      // The engine tells whole seconds of when a step was made.
      const built = second();
      await expect.poll(second, { timeout: 5000 }).toBeGreaterThan(built);
    }
    await s.dock(["build"]);
    const history = JSON.parse((await s.dock(["history", "app", "--json"])).stdout) as {
      layers: readonly { createdBy: string; origin?: string; sharedWith?: readonly string[] }[];
    };
    const of = (word: string) => history.layers.find(({ createdBy }) => createdBy.includes(word));
    expect(of("COPY page")).toMatchObject({ origin: "built", sharedWith: ["site"] });
    expect(of("random/uuid")).toMatchObject({ origin: "cached", sharedWith: ["site"] });

    const context = (await s.dock(["context", "app"])).stdout;
    expect(context).toContain("warning: this looks like a secret: .env");
    expect(context).toContain("a line node_modules in the ignore file would save 200 kB");

    // The same inputs built anew: the tags move, and what they were on is nobody's.
    await s.dock(["build", "app", "--no-cache"]);
    const before = await inputs();
    expect(before).toHaveLength(3);
    const untagged = async (): Promise<number> =>
      (await s.engine.images()).filter(({ RepoTags }) => (RepoTags ?? []).every((tag) => tag === "<none>:<none>"))
        .length;
    const dangling = await untagged();

    const tried = await s.dock(["prune", "--keep", "1", "--dry-run"]);
    expect(tried.mutations).toEqual([]);
    expect(tried.stderr).toMatch(/would free at least \d/);
    const { stdout } = await s.dock(["prune", "--keep", "1", "--json"]);
    const result = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as {
      removed: readonly string[];
      freedBytes: number;
    };
    expect(result.removed.filter((ref) => ref.includes(":in-"))).toHaveLength(2);
    // The image that lost its tags to the build without the cache.
    expect(result.removed.filter((ref) => ref.startsWith("sha256:"))).toHaveLength(1);
    expect(result.freedBytes).toBeGreaterThanOrEqual(0);
    expect(before).toEqual(expect.arrayContaining([...(await inputs())]));
    expect(await inputs()).toHaveLength(1);
    expect(await untagged()).toBe(dangling - 1);
    // What is built now is still there: nothing is to do.
    expect((await s.dock(["build"])).builderCalled).toBe(false);
    expect((await s.dock(["prune", "--keep", "1"])).mutations).toEqual([]);
  },
);
