import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { withLock } from "./lock.mjs";
import { cacheFolder } from "./paths.mjs";
import { attempt, run } from "./run.mjs";
import { say, Stop } from "./say.mjs";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const UPDATE = { timeout: 180_000 };
const DOWNLOAD = { timeout: 600_000 };
/** Downloading into a folder that only root may enter needs apt's own download user out of the way. */
const AS_ROOT = ["-oAPT::Sandbox::User=root", "-oAcquire::Retries=2", "-oAcquire::http::Timeout=20"];
const INSTALL = ["-y", "-q", "--no-install-recommends", "-oDPkg::Lock::Timeout=120"];

/** The Debian release's code name (`bookworm`), or undefined on anything that is not Debian itself. */
export function debianCodename() {
  if (process.platform !== "linux" || !existsSync("/etc/os-release")) return undefined;
  const fields = Object.fromEntries(
    readFileSync("/etc/os-release", "utf8")
      .split("\n")
      .map((line) => line.split("="))
      .map(([key = "", value = ""]) => [key, value.replaceAll('"', "")]),
  );
  return fields["ID"] === "debian" ? fields["VERSION_CODENAME"] : undefined;
}

/**
 * The machine's own package sources for its Debian release, as `deb` lines; other vendors' sources are left out.
 *
 * @returns {Promise<{mirror: string, lines: string[]}>} `mirror` is the address of the release's main archive
 */
export async function debianSources() {
  const codename = debianCodename() ?? "";
  const format = "$(REPO_URI) $(RELEASE) $(COMPONENT)";
  const listed = await run(["apt-get", "indextargets", "--format", format, "Created-By: Packages"]);
  /** @type {Map<string, Set<string>>} */
  const components = new Map();
  for (const line of listed.split("\n")) {
    const [uri = "", suite = "", component = ""] = line.trim().split(" ");
    const ours = suite === codename || suite.startsWith(`${codename}-`) || suite.startsWith(`${codename}/`);
    if (!ours) continue;
    const key = `${uri} ${suite}`;
    components.set(key, (components.get(key) ?? new Set()).add(component));
  }
  const main = [...components.keys()].find((key) => key.endsWith(` ${codename}`));
  if (main === undefined) throw new Stop(`No package source for Debian ${codename} is configured on this machine.`);
  const lines = [...components].map(([key, set]) => `deb ${key} ${[...set].join(" ")}`);
  return { mirror: main.split(" ")[0] ?? "", lines };
}

/**
 * Unpacks packages into `into` without installing anything. `suite` names another Debian suite, read through an apt state
 * of its own; without it they come from the machine's own sources.
 *
 * @param {{packages: readonly string[], into: string, suite?: string}} what
 */
export async function unpackPackages({ packages, into, suite }) {
  const options = suite === undefined ? AS_ROOT : [...AS_ROOT, ...(await stateOf(suite))];
  if (suite === undefined) await updateMachine(packages);
  else await run(["apt-get", ...options, "-q", "update"], UPDATE);
  const folder = mkdtempSync(join(tmpdir(), "dock-debs-"));
  try {
    await run(["apt-get", ...options, "-q", "download", ...packages], { ...DOWNLOAD, cwd: folder });
    mkdirSync(into, { recursive: true });
    for (const file of readdirSync(folder)) await run(["dpkg", "-x", join(folder, file), into], DOWNLOAD);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Installs packages from the machine's own sources; says so, since this is the one thing that changes the system. */
export async function installPackages(/** @type {readonly string[]} */ packages) {
  if (packages.length === 0) return;
  await withLock(cacheFolder("apt.lock"), async () => {
    say(`installing ${packages.join(", ")} (apt-get)`);
    await updateMachine(packages);
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    await run(["apt-get", ...INSTALL, "install", ...packages], { ...DOWNLOAD, env });
  });
}

/** Reads the machine's package lists again where they don't know a package or are older than what can be fetched. */
async function updateMachine(/** @type {readonly string[]} */ packages) {
  // A vendor's source that doesn't answer makes the update fail although Debian's own lists are fine.
  await attempt(["apt-get", "-q", "update"], UPDATE);
  const policy = await run(["apt-cache", "policy", ...packages]);
  const missing = packages.filter(
    (name) => !new RegExp(`^${name}:\n.*\n  Candidate: (?!\\(none\\))`, "mu").test(policy),
  );
  if (missing.length > 0) throw new Stop(`This machine's package sources have no ${missing.join(", ")}.`);
}

/** Options that give apt a state of its own with one suite from the machine's mirror. */
async function stateOf(/** @type {string} */ suite) {
  const folder = cacheFolder("apt", suite);
  const { mirror } = await debianSources();
  for (const part of ["lists/partial", "cache/archives/partial"]) mkdirSync(join(folder, part), { recursive: true });
  const signed = existsSync(KEYRING) ? `[signed-by=${KEYRING}] ` : "";
  writeFileSync(join(folder, "sources.list"), `deb ${signed}${mirror} ${suite} main\n`);
  return [
    `-oDir::Etc::SourceList=${join(folder, "sources.list")}`,
    "-oDir::Etc::SourceParts=/dev/null",
    `-oDir::State::Lists=${join(folder, "lists")}`,
    `-oDir::Cache=${join(folder, "cache")}`,
    "-oDir::State::status=/dev/null",
  ];
}
