import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { debianCodename, installPackages, unpackPackages } from "./apt.mjs";
import { withLock } from "./lock.mjs";
import { cacheFolder } from "./paths.mjs";
import { attempt, run } from "./run.mjs";
import { say, Stop } from "./say.mjs";

/**
 * @typedef {"28" | "20"} EngineLine `28`: the newer engine of Debian's `forky`; `20`: the one of the machine's own release
 * @typedef {{line: EngineLine, root: string, path: string, dockerd: string, version: string}} Binaries
 *   `path` is the PATH under which dockerd finds its helpers
 */

/** What each line is unpacked from; forky's runc needs a newer libc than bookworm has, so runc is always the machine's. */
const RECIPES = {
  28: [{ suite: "forky", packages: ["docker.io", "containerd", "docker-cli"] }, { packages: ["runc", "tini"] }],
  20: [{ packages: ["docker.io", "containerd", "runc", "tini"] }],
};

/** The package of each library or command that a minimal Debian may lack. */
const SYSTEM = [
  { package: "iptables", command: "iptables" },
  { package: "iproute2", command: "ip" },
];
const LIBRARIES = /** @type {Record<string, string>} */ ({
  "libdevmapper.so.1.02.1": "libdevmapper1.02.1",
  "libseccomp.so.2": "libseccomp2",
  "libsystemd.so.0": "libsystemd0",
});

/**
 * The engine's binaries in the cache folder, fetched the first time (about 60 MB); nothing of the system is replaced, only
 * commands and libraries that are missing get installed. Without `line` the newer engine is preferred and the older one
 * the fallback.
 *
 * @param {EngineLine} [line]
 * @returns {Promise<Binaries>}
 */
export async function engineBinaries(line) {
  await ensureCommands();
  if (line !== undefined) return linedBinaries(line);
  try {
    return await linedBinaries("28");
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    say(`the newer engine can't be had here: ${error.message}`);
    say("falling back to the engine of this Debian release");
    return linedBinaries("20");
  }
}

async function linedBinaries(/** @type {EngineLine} */ line) {
  const root = cacheFolder(`engine-${line}`);
  return (
    readBinaries(line, root) ??
    withLock(`${root}.lock`, async () => readBinaries(line, root) ?? fetchBinaries(line, root))
  );
}

/** @returns {Binaries | undefined} */
function readBinaries(/** @type {EngineLine} */ line, /** @type {string} */ root) {
  const stamp = join(root, "ready.json");
  if (!existsSync(stamp)) return undefined;
  const { version } = JSON.parse(readFileSync(stamp, "utf8"));
  return { line, root, version, dockerd: join(root, "usr/sbin/dockerd"), path: binaryPath(root) };
}

async function fetchBinaries(/** @type {EngineLine} */ line, /** @type {string} */ root) {
  say(`fetching the Docker Engine (line ${line}) from Debian's packages into ${root}`);
  const fresh = `${root}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(dirname(root), { recursive: true });
  for (const recipe of RECIPES[line]) await unpackPackages({ ...recipe, into: fresh });
  // dockerd looks for `docker-init` by name; its package ships it as a link to a package of its own.
  rmSync(join(fresh, "usr/bin/docker-init"), { force: true });
  renameSync(join(fresh, "usr/bin/tini-static"), join(fresh, "usr/bin/docker-init"));
  const dockerd = join(fresh, "usr/sbin/dockerd");
  await installPackages(await missingLibraries([dockerd, join(fresh, "usr/bin/runc")]));
  const printed = await run([dockerd, "--version"]);
  const version = /version ([\d.]+)/u.exec(printed)?.[1] ?? "unknown";
  writeFileSync(join(fresh, "ready.json"), `${JSON.stringify({ version, release: debianCodename() })}\n`);
  rmSync(root, { recursive: true, force: true });
  renameSync(fresh, root);
  say(`Docker Engine ${version} is ready to be started`);
  return { line, root, version, dockerd: join(root, "usr/sbin/dockerd"), path: binaryPath(root) };
}

/** Installs what a minimal Debian lacks of the commands that engines and their networks need. */
async function ensureCommands() {
  const folders = binaryPath("/").split(":");
  const missing = SYSTEM.filter(({ command }) => !folders.some((folder) => existsSync(join(folder, command))));
  await installPackages(missing.map((each) => each.package));
}

async function missingLibraries(/** @type {string[]} */ files) {
  const linked = (await Promise.all(files.map((file) => attempt(["ldd", file]))))
    .map(({ stdout }) => stdout)
    .join("\n");
  const names = [...linked.matchAll(/^\s*(\S+) => not found/gmu)].map((match) => match[1] ?? "");
  return [...new Set(names)].map((name) => {
    const known = LIBRARIES[name];
    if (known === undefined) throw new Stop(`The engine needs the library ${name}, which this machine lacks.`);
    return known;
  });
}

function binaryPath(/** @type {string} */ root) {
  const system = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  return `${join(root, "usr/sbin")}:${join(root, "usr/bin")}:${system}`;
}
