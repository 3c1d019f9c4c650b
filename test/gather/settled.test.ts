import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { forgetSettled, withSettled, writeSettled } from "../../src/gather/settled.ts";
import type { Observed, ObservedContainer } from "../../src/plan/observed.ts";
import { emptyEngine } from "../support/world.ts";

const project = { name: "shop", file: "/project/dock.yaml" };
let cache: string;

beforeEach(async () => void (cache = await mkdtemp(join(tmpdir(), "dock-settled-"))));
afterEach(async () => rm(cache, { recursive: true, force: true }));

function engineWith(...ids: readonly string[]): Observed {
  const containers = ids.map((id): ObservedContainer => ({
    id,
    name: id,
    state: "running",
    imageId: "sha256:1",
    imageRef: "app:latest",
    created: 0,
    labels: {},
    mounts: [],
    networks: {},
    ports: [],
  }));
  return { ...emptyEngine(), containers };
}

async function settledOf(...ids: readonly string[]): Promise<unknown> {
  const { containers } = await withSettled(cache, project, engineWith(...ids));
  return containers.map(({ settled }) => settled);
}

test("what was written of a container is remembered until it is forgotten", async () => {
  expect(await settledOf("a", "b")).toEqual([undefined, undefined]);
  await writeSettled(cache, project, { id: "a", spec: { restart: "no" } });
  await writeSettled(cache, project, { id: "b", spec: {} });
  await writeSettled(cache, project, { id: "a", spec: { restart: "always" } });
  expect(await settledOf("a", "b")).toEqual([{ restart: "always" }, {}]);
  await forgetSettled(cache, project, "a");
  expect(await settledOf("a", "b")).toEqual([undefined, {}]);
});

test("containers that are gone leave nothing behind", async () => {
  await writeSettled(cache, project, { id: "a", spec: {} });
  await writeSettled(cache, project, { id: "b", spec: {} });
  expect(await settledOf("b")).toEqual([{}]);
  const [own = ""] = await readdir(join(cache, "settled"));
  expect(await readdir(join(cache, "settled", own))).toEqual(["b"]);
});

test("another project file's containers are its own", async () => {
  await writeSettled(cache, { ...project, file: "/elsewhere/dock.yaml" }, { id: "a", spec: {} });
  expect(await settledOf("a")).toEqual([undefined]);
});

test("a damaged file remembers nothing, and a cache that can't be written is no error", async () => {
  await writeSettled(cache, project, { id: "a", spec: {} });
  const [own = ""] = await readdir(join(cache, "settled"));
  await writeFile(join(cache, "settled", own, "a"), '{"restart": "al');
  expect(await settledOf("a")).toEqual([undefined]);
  const blocked = join(cache, "file");
  await writeFile(blocked, "");
  await writeSettled(blocked, project, { id: "a", spec: {} });
  await forgetSettled(blocked, project, "a");
});
