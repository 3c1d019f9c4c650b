// Makes `dist/`: exactly what is published. `dist/dock.js` starts the scripts that hold the program's chunks.
import { createHash } from "node:crypto";
import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { pack } from "./release/pack.mjs";
import { standIns } from "./release/stand-ins.mjs";
import { thirdParty } from "./release/third-party.mjs";
import { train } from "./release/train.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));

const bundle = await rolldown({
  input: { main: join(root, "src/main.ts") },
  cwd: root,
  platform: "node",
  plugins: [standIns],
  transform: { target: "node20.19", define: { DOCK_VERSION_TEXT: JSON.stringify(version) } },
  onwarn: (warning, fallback) => {
    if (warning.code !== "EVAL") fallback(warning);
  },
});
const { output } = await bundle.generate({
  format: "cjs",
  entryFileNames: "main.js",
  chunkFileNames: "[name]-[hash].js",
  minify: true,
});
await bundle.close();
const chunks = output.filter((chunk) => chunk.type === "chunk");
const scripts = pack(chunks);
const release = createHash("sha256").update(JSON.stringify(scripts)).digest("hex").slice(0, 16);
const start = await readFile(join(root, "scripts/release/start.cjs"), "utf8");

const files = {
  ...scripts,
  "dock.js": start.replace("__RELEASE__", release),
  // The scripts are no ES modules, whatever the package says.
  "package.json": '{ "type": "commonjs" }\n',
  "THIRD-PARTY.md": await thirdParty(chunks.flatMap((chunk) => chunk.moduleIds)),
};

// Whoever runs dock meanwhile finds the old release or the new one, never half of each.
const fresh = join(root, ".cache", `dist-${process.pid}`);
const old = join(root, ".cache", `dist-${process.pid}-old`);
await mkdir(fresh, { recursive: true });
for (const [name, content] of Object.entries(files)) await writeFile(join(fresh, name), content);
await chmod(join(fresh, "dock.js"), 0o755);
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
const sizes = Object.entries(scripts).map(([name, text]) => `${name} ${Math.round(text.length / 1024)} kB`);
console.log(`built dist/dock.js ${version}: ${chunks.length} chunks in ${sizes.join(" and ")}`);
