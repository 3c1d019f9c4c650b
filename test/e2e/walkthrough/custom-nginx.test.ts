import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { eventually } from "../../support/scenario.ts";
import { BareEngine } from "../../support/scenario-engine.ts";
import { BUILDING, type Example, freePorts, openExample, runScript } from "../../support/walkthrough.ts";
import { openDownloadSite, type ReachableSite, requirePackages } from "../../support/walkthrough-network.ts";

/** A line of `dock build --json`: the last one. */
interface BuildResult {
  readonly type: "result";
  readonly ok: boolean;
  readonly images: readonly { readonly name: string; readonly id: string; readonly status: string }[];
}

interface Layers {
  readonly layers: readonly { readonly createdBy: string; readonly size: number }[];
}

vi.setConfig({ testTimeout: BUILDING + 20_000 });

/** Each step goes on from what the one before has made, as a reader of the walk-through would. */
describe("one web server, made in three ways", () => {
  let example: Example;
  let site: ReachableSite;
  let urls: Readonly<Record<"packaged" | "built-v1" | "built-v2", string>>;

  beforeAll(async () => {
    const [packaged = "", builtV1 = "", builtV2 = ""] = await freePorts(3);
    const urlOf = (port: string): string => `http://127.0.0.1:${port}/`;
    urls = { packaged: urlOf(packaged), "built-v1": urlOf(builtV1), "built-v2": urlOf(builtV2) };
    site = await openDownloadSite(new BareEngine());
    example = await openExample("custom-nginx", {
      SITE: site.url,
      PACKAGED_PORT: packaged,
      BUILT_V1_PORT: builtV1,
      BUILT_V2_PORT: builtV2,
    });
    await requirePackages(example.scenario.engine, example.scenario.project, site);
  });
  afterAll(async () => {
    await example?.[Symbol.asyncDispose]();
    await site?.[Symbol.asyncDispose]();
  });

  /** Ids of the images behind the declared tags. */
  async function tagged(): Promise<Readonly<Record<string, string>>> {
    const images = await example.scenario.engine.images();
    const own = images.flatMap(({ Id, RepoTags }) => (RepoTags ?? []).map((tag) => [tag, Id] as const));
    return Object.fromEntries(
      own.flatMap(([tag, id]) =>
        tag.startsWith(`${example.repository}:`) ? [[tag.slice(example.repository.length + 1), id]] : [],
      ),
    );
  }

  async function built(args: readonly string[]): Promise<Readonly<Record<string, BuildResult["images"][number]>>> {
    const { stdout } = await example.dock(["build", "--json", ...args]);
    const { images } = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as BuildResult;
    return Object.fromEntries(images.map((image) => [image.name, image]));
  }

  async function welcomes(url: string): Promise<void> {
    await eventually(async () => {
      const page = await (await fetch(url, { signal: AbortSignal.timeout(10_000) })).text();
      expect(page).toContain("Welcome to nginx!");
    });
  }

  test("the packaged one is built, runs, and answers with its default page; nothing else is built for it", async () => {
    await example.dock(["up", "-d", "from-package"]);
    await welcomes(urls.packaged);
    expect(Object.keys(await tagged())).toEqual(["packaged"]);
    expect(Object.keys(await example.scenario.ids())).toEqual(["from-package/1"]);
  });

  test("history shows its layers with instruction, size and a bar", async () => {
    const { stdout } = await example.dock(["history", "packaged"]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toMatch(/SIZE\s+STEP\s+INSTRUCTION/);
    const ofRun = lines.find((line) => line.includes("RUN apt-get update")) ?? "";
    expect(ofRun).toMatch(/^ *[\d.]+ MB +[▏▎▍▌▋▊▉█]+ +built +RUN apt-get update/);
    expect(lines.find((line) => line.includes("EXPOSE"))).toMatch(/^ +0 B +built +EXPOSE/);
    const { layers } = JSON.parse((await example.dock(["history", "packaged", "--json"])).stdout) as Layers;
    const { Size } = await example.scenario.engine.get<{ Size: number }>(`/images/${example.repository}:packaged/json`);
    expect(layers.reduce((sum, { size }) => sum + size, 0)).toBe(Size);
    expect(layers.map(({ createdBy }) => createdBy)).toContainEqual(
      expect.stringContaining("apt-get install -y nginx"),
    );
  });

  test("two built from source join it, one from an archive in its context, one from a download", async () => {
    const before = await example.scenario.ids();
    await runScript(
      "download-site.mjs",
      "fetch",
      "nginx-1.19.2.tar.gz",
      join(example.directory, "nginx-1.19.2.tar.gz"),
    );
    await example.dock(["up", "-d"]);
    for (const url of Object.values(urls)) await welcomes(url);
    expect(await example.scenario.ids()).toMatchObject(before);
  });

  test("a second up changes nothing on the engine", async () => {
    const before = await example.scenario.ids();
    const { mutations, builderCalled } = await example.dock(["up", "-d"]);
    expect(mutations).toEqual([]);
    expect(builderCalled).toBe(false);
    expect(await example.scenario.ids()).toEqual(before);
    await example.dock(["plan", "--detailed-exitcode"]);
  });

  test("the plan says that the argument is why another version would be built", async () => {
    const { actions } = await example.plan(["--arg", "FILENAME=nginx-1.19.3"]);
    expect(actions.map(({ kind, target }) => `${kind} ${target}`)).toEqual([
      "image.build image:built-v2",
      "container.replace service:from-download/1",
    ]);
    expect(actions[0]?.reasons).toEqual([
      expect.objectContaining({ path: "FILENAME", before: "nginx-1.19.2", after: "nginx-1.19.3" }),
    ]);
    const { stdout, stderr } = await example.dock(["plan", "--arg", "FILENAME=nginx-1.19.3", "--detailed-exitcode"], {
      code: 10,
    });
    expect(stderr).toMatch(/takes http:\S+nginx-1\.19\.3\.tar\.gz by name/);
    expect(stdout).toMatch(/image:built-v2 +build +arg FILENAME: nginx-1\.19\.2 → nginx-1\.19\.3/);
  });

  test("one argument builds another version from the same file, and says so", async () => {
    const [images, containers] = [await tagged(), await example.scenario.ids()];
    const { stderr } = await example.dock(["build", "built-v2", "--arg", "FILENAME=nginx-1.19.3"]);
    expect(stderr).toMatch(/image:built-v2 +build +arg FILENAME: nginx-1\.19\.2 → nginx-1\.19\.3/);
    const after = await tagged();
    expect(after).toEqual({ ...images, "built-v2": after["built-v2"] });
    expect(after["built-v2"]).not.toBe(images["built-v2"]);
    expect(await example.scenario.ids()).toEqual(containers);
    const { layers } = JSON.parse((await example.dock(["history", "built-v2", "--json"])).stdout) as Layers;
    expect(layers.some(({ createdBy }) => createdBy.includes("FILENAME=nginx-1.19.3"))).toBe(true);
  });

  test("without a name the argument reaches just the images that declare it", async () => {
    const older = await built([]);
    const newer = await built(["--arg", "FILENAME=nginx-1.19.3"]);
    expect(newer).toEqual({ ...older, "built-v2": newer["built-v2"] });
    expect(newer["built-v2"]?.id).not.toBe(older["built-v2"]?.id);
    // Both versions lie on the engine: the tag moves, the builder has nothing to do.
    expect(Object.values({ ...older, ...newer }).map(({ status }) => status)).toEqual(Array(3).fill("unchanged"));
    expect((await tagged())["built-v2"]).toBe(newer["built-v2"]?.id);
    const { stderr } = await example.dock(["build", "--arg", "FILENAM=nginx-1.19.3"], { code: 2 });
    expect(stderr).toContain('did you mean "FILENAME"?');
  });

  test("the other version takes the place of the running one, and of nothing else", async () => {
    const before = await example.scenario.ids();
    await example.dock(["up", "-d", "--arg", "FILENAME=nginx-1.19.3"]);
    const after = await example.scenario.ids();
    expect(after).toEqual({ ...before, "from-download/1": after["from-download/1"] });
    expect(after["from-download/1"]).not.toBe(before["from-download/1"]);
    await welcomes(urls["built-v2"]);
  });

  test("taken down, it leaves nothing on the engine but what its user has tagged", async () => {
    await example.takeDown();
  });
});
