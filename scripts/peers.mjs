#!/usr/bin/env node
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { debianCodename, unpackPackages } from "./engine/apt.mjs";
import { withLock } from "./engine/lock.mjs";
import { cacheFolder } from "./engine/paths.mjs";
import { attempt } from "./engine/run.mjs";
import { isMain, runMain, say, Stop } from "./engine/say.mjs";

const PLUGINS = ["docker-buildx", "docker-compose"];

/**
 * The tools that dock is measured against: `docker` with the plug-ins buildx and compose. What the machine has is used;
 * else, on Debian, they are unpacked into the cache folder and nothing is installed.
 *
 * @returns {Promise<{docker: string, env: Record<string, string>, versions: Record<string, string>}>} the command, what has
 *   to be in its environment, and the version each tool names
 */
export async function ensurePeers() {
  const own = { docker: "docker", env: {} };
  const found = (await attempt(["which", "docker"])).code === 0 ? await versionsOf(own) : undefined;
  if (found !== undefined) return { ...own, versions: found };
  if (debianCodename() === undefined) {
    throw new Stop("docker with the plug-ins buildx and compose is missing.", {
      exitCode: 3,
      hint: "Install them: https://docs.docker.com/engine/install/",
    });
  }
  const root = cacheFolder("peers");
  await withLock(`${root}.lock`, async () => existsSync(join(root, "ready")) || (await unpack(root)));
  const peers = { docker: join(root, "usr/bin/docker"), env: { DOCKER_CONFIG: join(root, "config") } };
  const versions = await versionsOf(peers);
  if (versions === undefined) throw new Stop(`The unpacked tools in ${root} don't run on this machine.`);
  return { ...peers, versions };
}

async function unpack(/** @type {string} */ root) {
  say(`fetching docker, buildx and compose from Debian's packages into ${root}`);
  const fresh = `${root}.new`;
  rmSync(fresh, { recursive: true, force: true });
  await unpackPackages({ suite: "forky", packages: ["docker-cli", ...PLUGINS], into: fresh });
  const plugins = join(fresh, "config/cli-plugins");
  mkdirSync(plugins, { recursive: true });
  const places = ["usr/libexec/docker/cli-plugins", "usr/lib/docker/cli-plugins"];
  for (const plugin of PLUGINS) {
    const place = places.find((each) => existsSync(join(fresh, each, plugin)));
    if (place === undefined) throw new Stop(`The package ${plugin} has no plug-in of that name.`);
    symlinkSync(join("../..", place, plugin), join(plugins, plugin));
  }
  writeFileSync(join(fresh, "ready"), "");
  rmSync(root, { recursive: true, force: true });
  renameSync(fresh, root);
}

/** The version of each tool, or undefined when one of them is missing. */
async function versionsOf(/** @type {{docker: string, env: Record<string, string>}} */ { docker, env }) {
  const asked = { docker: ["--version"], buildx: ["buildx", "version"], compose: ["compose", "version", "--short"] };
  /** @type {Record<string, string>} */
  const versions = {};
  for (const [tool, args] of Object.entries(asked)) {
    const { code, stdout } = await attempt([docker, ...args], { env: { ...process.env, ...env } });
    const version = /\d+\.\d+[\w.+-]*/u.exec(stdout)?.[0];
    if (code !== 0 || version === undefined) return undefined;
    versions[tool] = version;
  }
  return versions;
}

async function main() {
  const { docker, env, versions } = await ensurePeers();
  for (const [tool, version] of Object.entries(versions)) say(`${tool} ${version}`);
  for (const [name, value] of Object.entries(env)) process.stdout.write(`${name}=${value} `);
  process.stdout.write(`${docker}\n`);
}

if (isMain(import.meta.url)) await runMain(main);
