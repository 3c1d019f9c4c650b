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
    const file = readFileSync(join(cwd, "docker-bake.hcl"), "utf8");
    const declared = (/** @type {string} */ kind) =>
      [...file.matchAll(new RegExp(`^${kind} "([^_"][^"]*)"`, "gm"))].map(([, key = ""]) => key);
    const bake = (/** @type {readonly string[]} */ ...what) =>
      run([docker, "buildx", "bake", "--print", ...what], { cwd, env: { ...process.env, ...env } });
    const text = await bake(...more, ...declared("target"));
    /** @type {Record<string, string[]>} */
    const groups = {};
    for (const group of declared("group")) groups[group] = membersOf(group, JSON.parse(await bake(group)).group);
    writeFileSync(
      join(cwd, "bake.json"),
      `${JSON.stringify({ buildx: versions["buildx"], ...JSON.parse(text), groups }, undefined, 2)}\n`,
    );
    say(`${name}: ${Object.keys(JSON.parse(text).target).length} targets`);
  }
  return 0;
}

/**
 * The targets behind a name: those of a group in a group too.
 *
 * @param {string} name @param {Record<string, {targets: string[]}>} groups @returns {string[]}
 */
function membersOf(name, groups) {
  const { [name]: group, ...others } = groups;
  return group === undefined ? [name] : group.targets.flatMap((one) => membersOf(one, others));
}

if (isMain(import.meta.url)) await runMain(main);
