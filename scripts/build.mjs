// Makes `dist/`: exactly what is published. `dist/dock.js` starts the bundle; commands are chunks of their own.
import { chmod, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { dirname, join } from "node:path";
import { rolldown } from "rolldown";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));

/**
 * What dockerode loads at its start and dock never uses: engines over ssh are refused, and BuildKit sessions are dock's
 * own. Their native and `.proto` files could not be bundled.
 */
const UNUSED = /^(ssh2|@grpc\/grpc-js|@grpc\/proto-loader|protobufjs)$/;

/** @type {import("rolldown").Plugin} */
const withoutUnused = {
  name: "without-unused",
  resolveId: (source) => (UNUSED.test(source) ? { id: `\0unused:${source}` } : undefined),
  load: (id) => (id.startsWith("\0unused:") ? standIn(id.slice("\0unused:".length)) : undefined),
};

/** Members can be read, as dockerode does at its start; calling one is an error that names the package. */
function standIn(name) {
  const refuse = `() => { throw new Error(${JSON.stringify(`${name} is not part of this build`)}); }`;
  return `const none = new Proxy(function () {}, { get: () => none, apply: ${refuse}, construct: ${refuse} });\nmodule.exports = none;\n`;
}

await rm(join(root, "dist"), { recursive: true, force: true });
const bundle = await rolldown({
  input: { dock: join(root, "src/main.ts") },
  cwd: root,
  platform: "node",
  plugins: [withoutUnused],
  transform: { target: "node20.19", define: { DOCK_VERSION_TEXT: JSON.stringify(version) } },
  onwarn: (warning, fallback) => {
    if (warning.code !== "EVAL") fallback(warning);
  },
});
const { output } = await bundle.write({
  dir: join(root, "dist"),
  format: "esm",
  entryFileNames: "dock.js",
  chunkFileNames: "chunks/[name]-[hash].js",
  minify: true,
  banner: (chunk) => (chunk.isEntry ? "#!/usr/bin/env node" : ""),
});
await bundle.close();
await chmod(join(root, "dist/dock.js"), 0o755);
await writeFile(join(root, "dist/THIRD-PARTY.md"), await thirdParty(output));
const bytes = output.reduce((sum, chunk) => sum + (chunk.type === "chunk" ? chunk.code.length : 0), 0);
console.log(`built dist/dock.js ${version}: ${output.length} files, ${Math.round(bytes / 1024)} kB`);

/** Licences of the packages whose code is in the bundle. */
async function thirdParty(chunks) {
  const packages = new Set();
  for (const chunk of chunks) {
    for (const id of chunk.type === "chunk" ? chunk.moduleIds : []) {
      const match = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id);
      if (match) packages.add(match[0]);
    }
  }
  const entries = await Promise.all(
    [...packages]
      .sort((a, b) => (a < b ? -1 : 1))
      .map(async (directory) => {
        const manifest = JSON.parse(await readFile(join(directory, "package.json"), "utf8"));
        const text = await licenceText(directory);
        return `## ${manifest.name} ${manifest.version}\n\nLicence: ${manifest.license ?? "see its text"}\n\n${text}`;
      }),
  );
  return `# Packages that are part of dock's bundle\n\n${entries.join("\n\n")}\n`;
}

async function licenceText(directory) {
  for (const name of ["LICENSE", "LICENSE.md", "LICENSE.txt", "license", "LICENCE", "License"]) {
    try {
      return (await readFile(join(directory, name), "utf8")).trim();
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
  }
  return "(no licence text in the package)";
}
