import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { layoutDigest } from "../../src/gather/oci-layout.ts";

const [ONE, TWO] = [`sha256:${"1".repeat(64)}`, `sha256:${"2".repeat(64)}`];
const named = (digest: string, name?: string): object => ({
  digest,
  ...(name === undefined ? {} : { annotations: { "org.opencontainers.image.ref.name": name } }),
});

async function layout(index?: string): Promise<{ readonly kind: "layout"; readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "dock-layout-"));
  onTestFinished(() => rm(path, { recursive: true }));
  if (index !== undefined) await writeFile(join(path, "index.json"), index);
  return { kind: "layout", path };
}

test("the image meant is the one named by digest or tag, else `latest`, else the only one", async () => {
  const two = await layout(JSON.stringify({ manifests: [named(ONE, "latest"), named(TWO, "1.4")] }));
  expect(await layoutDigest(two)).toBe(ONE);
  expect(await layoutDigest({ ...two, tag: "1.4" })).toBe(TWO);
  expect(await layoutDigest({ ...two, tag: "1.4", digest: ONE })).toBe(ONE);
  expect(await layoutDigest(await layout(JSON.stringify({ manifests: [named(TWO)] })))).toBe(TWO);
});

test.each([
  ["no index", undefined, "it has no index.json"],
  ["an index that is no JSON", "{", "it holds none with a name"],
  ["another tag only", JSON.stringify({ manifests: [named(ONE, "1.3"), named(TWO, "1.4")] }), "it holds 1.3, 1.4"],
])("a layout with %s is told with what it holds", async (_, index, hint) => {
  await expect(layoutDigest(await layout(index))).rejects.toMatchObject({
    code: "not-found",
    message: expect.stringContaining("holds no image latest") as string,
    hint: expect.stringContaining(hint) as string,
  });
});
