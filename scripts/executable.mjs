// `npm run build:executable [-- FILE]`: one file that needs no Node, for the kind of machine that this is.
import { mkdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { runMain, say } from "./engine/say.mjs";
import { makeExecutable } from "./release/executable.mjs";
import { ensureBuild, ensureDependencies, ROOT } from "./setup/dependencies.mjs";

async function main() {
  await ensureDependencies();
  await ensureBuild();
  const file = resolve(process.argv[2] ?? join(ROOT, ".cache", `dock-${process.platform}-${process.arch}`));
  await mkdir(dirname(file), { recursive: true });
  await makeExecutable(join(ROOT, "dist"), file);
  const { size } = await stat(file);
  say(`made ${file}: ${(size / 1e6).toFixed(0)} MB, of Node ${process.versions.node}`);
  return 0;
}

await runMain(main);
