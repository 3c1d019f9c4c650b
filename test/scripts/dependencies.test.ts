import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ensureDependencies } from "../../scripts/setup/dependencies.mjs";

let root: string;
let installed: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "dock-dependencies-"));
  installed = join(root, "installed");
  await mkdir(installed);
  await writeFile(join(installed, "precious"), "");
});
afterEach(() => rm(root, { recursive: true }));

async function lock(file: string, packages: Readonly<Record<string, object>>): Promise<void> {
  await writeFile(join(root, file), JSON.stringify({ packages: { "": {}, ...packages } }));
}

test("installed packages are left alone, however old they are, and other platforms' are not missed", async () => {
  await symlink(installed, join(root, "node_modules"));
  await lock("installed/.package-lock.json", { "node_modules/a": { version: "1.0.0" } });
  await lock("package-lock.json", {
    "node_modules/a": { version: "1.0.0" },
    "node_modules/b-win32": { version: "2.0.0", optional: true },
  });
  await utimes(join(installed, ".package-lock.json"), 0, 0);
  await ensureDependencies(root);
  expect(await readdir(installed)).toContain("precious");
});

test.each([
  ["another version", { "node_modules/a": { version: "1.0.0" } }],
  ["nothing", {}],
])("a linked folder that has %s is never installed into", async (_, there) => {
  await symlink(installed, join(root, "node_modules"));
  await lock("installed/.package-lock.json", there);
  await lock("package-lock.json", { "node_modules/a": { version: "1.1.0" } });
  await expect(ensureDependencies(root)).rejects.toThrow(/is a link/);
  expect(await readdir(installed)).toContain("precious");
});
