import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { bundleRelease } from "../../scripts/release/bundle.mjs";
import { makeExecutable } from "../../scripts/release/executable.mjs";
import { FakeEngine } from "../support/fake-engine.ts";

const ROOT = resolve(import.meta.dirname, "../..");

test("the executable runs a project alone in its directory, with no Node to be found", async () => {
  const folder = await mkdtemp(join(tmpdir(), "dock-alone-"));
  await using engine = await FakeEngine.start();
  engine.addImage({ tags: ["app:latest"] });
  try {
    const [release, place] = [join(folder, "release"), join(folder, "place")];
    for (const directory of [release, place]) await mkdir(directory);
    const { files } = await bundleRelease(ROOT, { version: "1.2.3" });
    for (const [name, text] of Object.entries(files)) await writeFile(join(release, name), text);
    await makeExecutable(release, join(place, "dock"));
    await rm(release, { recursive: true });
    await writeFile(join(place, "dock.yaml"), "name: alone\nservices: { web: { image: app:latest } }\n");
    const dock = (...words: string[]): Promise<{ stdout: string; stderr: string }> =>
      promisify(execFile)(join(place, "dock"), words, {
        cwd: place,
        env: { HOME: folder, DOCKER_HOST: engine.host, PATH: "/nowhere" },
        timeout: 30_000,
      });
    expect((await dock("--version")).stdout).toBe("dock 1.2.3\n");
    await dock("up", "-d");
    expect(engine.container("alone-web-1").status).toBe("running");
    const before = engine.mutations.length;
    await dock("up", "-d");
    expect(engine.mutations).toHaveLength(before);
    expect((await readdir(place)).sort()).toEqual(["dock", "dock.yaml"]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
