import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { pack } from "./pack.mjs";
import { standIns } from "./stand-ins.mjs";

/**
 * @typedef {object} Release
 * @property {Record<string, string>} files what makes a directory a dock that runs: name and text
 * @property {readonly import("rolldown").OutputChunk[]} chunks the parts that its scripts are packed from
 */

/** Bundles the sources of a checkout. @param {string} root @param {{ version: string }} options @returns {Promise<Release>} */
export async function bundleRelease(root, { version }) {
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
  const { main, ...scripts } = pack(chunks);
  const release = createHash("sha256").update(JSON.stringify(scripts)).digest("hex").slice(0, 16);
  const start = await readFile(join(root, "scripts/release/start.cjs"), "utf8");
  const files = {
    ...scripts,
    "dock.js": start.replace("__RELEASE__", release).replace("__MAIN__", () => main),
    // The scripts are no ES modules, whatever the package says.
    "package.json": '{ "type": "commonjs" }\n',
  };
  return { files, chunks };
}
