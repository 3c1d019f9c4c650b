// Records what `docker buildx bake --print` says of the bake files in test/golden/bake, which the tests compare with
// what dock says of the dock.yaml beside each. To be run when a case changes: the tests themselves need no buildx.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./engine/run.mjs";
import { isMain, runMain, say } from "./engine/say.mjs";
import { ensurePeers } from "./peers.mjs";

const CASES = join(import.meta.dirname, "../test/golden/bake");

async function main() {
  const { docker, env, versions } = await ensurePeers();
  for (const name of readdirSync(CASES)) {
    const cwd = join(CASES, name);
    const given = join(cwd, "arguments.json");
    const more = existsSync(given) ? JSON.parse(readFileSync(given, "utf8")) : [];
    const targets = [...readFileSync(join(cwd, "docker-bake.hcl"), "utf8").matchAll(/^target "([^_"][^"]*)"/gm)].map(
      ([, key]) => key,
    );
    const text = await run([docker, "buildx", "bake", "--print", ...more, ...targets], {
      cwd,
      env: { ...process.env, ...env },
    });
    writeFileSync(
      join(cwd, "bake.json"),
      `${JSON.stringify({ buildx: versions["buildx"], ...JSON.parse(text) }, undefined, 2)}\n`,
    );
    say(`${name}: ${Object.keys(JSON.parse(text).target).length} targets`);
  }
  return 0;
}

if (isMain(import.meta.url)) await runMain(main);
