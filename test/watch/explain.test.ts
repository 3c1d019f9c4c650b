import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readDockerfiles } from "../../src/gather/dockerfiles.ts";
import { gather } from "../../src/gather/gather.ts";
import { traceImage } from "../../src/gather/image-trace.ts";
import type { Mode } from "../../src/plan/mode.ts";
import type { Observed } from "../../src/plan/observed.ts";
import { loadProject } from "../../src/project/load.ts";
import { formatExplain } from "../../src/ui/explain-view.ts";
import { styleWith } from "../../src/ui/style.ts";
import { explain } from "../../src/watch/explain.ts";
import { tempTree } from "./temp-tree.ts";

const CASES = fileURLToPath(new URL("../golden/explain/", import.meta.url));

/** With UPDATE_GOLDEN=1 the expected texts are written anew, for a reviewer to read in the diff. */
const UPDATE = process.env["UPDATE_GOLDEN"] === "1";

/** An engine that has nothing. */
const EMPTY: Observed = {
  engine: { apiVersion: "1.51", version: "28", platform: "linux/amd64", remote: false },
  containers: [],
  networks: [],
  volumes: [],
  images: [],
  foreignContainers: [],
};

async function explained(
  folder: string,
  of: { readonly mode?: Mode; readonly paths: readonly string[] },
): Promise<string> {
  const { project, diagnostics } = await loadProject({ cwd: folder, vars: {}, env: {} });
  if (!project) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  using cache = tempTree();
  const mode = of.mode ?? "dev";
  const services = Object.keys(project.services);
  const images = Object.keys(project.images);
  const { signal } = new AbortController();
  const machine = { cacheDirectory: cache.path, env: {}, signal };
  const ports = { wanted: [], taken: new Set<number>() };
  const applied = await gather(project, { mode, services, images, observed: EMPTY, ports }, machine);
  const dockerfiles = await readDockerfiles(project, images);
  const gathering = { dockerfiles, mode, observed: EMPTY, cacheDirectory: cache.path, signal };
  const texts = of.paths.map(async (name) => {
    const path = join(folder, name);
    const traces = await Promise.all(images.map((image) => traceImage(project, { image, path }, gathering)));
    const explanation = explain(
      { path, exists: existsSync(path), traces: traces.filter((trace) => trace !== undefined) },
      { project, mode, files: project.files, services, images: new Set(images), applied, behind: false },
    );
    return formatExplain(explanation, styleWith({ color: false }));
  });
  return `${(await Promise.all(texts)).join("\n\n")}\n`;
}

describe("what saving a path would do, and which line says so", () => {
  it.each(readdirSync(CASES))("%s", async (name) => {
    const folder = join(CASES, name);
    const text = await explained(folder, JSON.parse(readFileSync(join(folder, "case.json"), "utf8")));
    const expected = join(folder, "expected.txt");
    if (UPDATE) writeFileSync(expected, text);
    expect(text).toBe(readFileSync(expected, "utf8"));
  });
});
