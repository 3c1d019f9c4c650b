// Makes `dist/`: exactly what is published. `dist/dock.js` starts the scripts that hold the program's chunks.
import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleRelease } from "./release/bundle.mjs";
import { thirdParty } from "./release/third-party.mjs";
import { train } from "./release/train.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
const { files, chunks } = await bundleRelease(root, { version });

// Whoever runs dock meanwhile finds the old release or the new one, never half of each.
const fresh = join(root, ".cache", `dist-${process.pid}`);
const old = join(root, ".cache", `dist-${process.pid}-old`);
await mkdir(fresh, { recursive: true });
for (const [name, content] of Object.entries(files)) await writeFile(join(fresh, name), content);
await chmod(join(fresh, "dock.js"), 0o755);
await writeFile(join(fresh, "THIRD-PARTY.md"), await thirdParty(chunks.flatMap((chunk) => chunk.moduleIds)));
try {
  for (const [name, cache] of await train(fresh, root)) await writeFile(join(fresh, name), cache);
} catch (error) {
  // It starts more slowly without, and the first runs make caches of their own.
  console.warn(`no code caches in this build: ${error.message}`);
}
await rename(join(root, "dist"), old).catch((/** @type {NodeJS.ErrnoException} */ error) => {
  if (error.code !== "ENOENT") throw error;
});
await rename(fresh, join(root, "dist"));
await rm(old, { recursive: true, force: true });
const sizes = ["hot.js", "cold.js"].map((name) => `${name} ${Math.round((files[name]?.length ?? 0) / 1024)} kB`);
console.log(`built dist/dock.js ${version}: ${chunks.length} chunks in ${sizes.join(" and ")}`);
