import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { debianCodename, debianSources, installPackages } from "../engine/apt.mjs";
import { attempt, run } from "../engine/run.mjs";
import { say } from "../engine/say.mjs";
import { cachedLayer } from "./layer.mjs";

/** Search path of the public base images. */
export const PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Where Debian keeps the certificates it trusts, on the machine and in the image. */
export const CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

const LOCAL_CERTIFICATES = "/usr/local/share/ca-certificates";
/** Settings of the machine's apt without which the same package sources may not work in a container. */
const APT_SETTINGS = /^Acquire::(?:Check-Valid-Until|Check-Date|Retries|https?::(?:Proxy|Verify-)[^ ]*) /u;

/** A minimal Debian of the machine's own release, with its package sources, in the place of `ubuntu:latest`. */
export async function ubuntuStandIn(/** @type {string} */ name) {
  const { layer, by } = await debianLayer();
  const about = `Debian ${debianCodename()} (minbase)`;
  return { name, about, layers: [{ layer, by }], config: { Cmd: ["/bin/bash"], Env: [PATH] } };
}

/** The Debian file system that all larger stand-ins begin with: about 20 s to make, then in the cache. */
export async function debianLayer() {
  const release = debianCodename() ?? "";
  const { mirror, lines } = await debianSources();
  const settings = (await run(["apt-config", "dump"])).split("\n").filter((line) => APT_SETTINGS.test(line));
  const certificates = machineCertificates();
  const trusted = createHash("sha256").update(JSON.stringify(certificates)).digest("hex");
  const layer = await cachedLayer("debian", { recipe: 1, release, lines, settings, trusted }, async (root) => {
    say(`making a minimal Debian ${release} for the stand-in images (about 20 s)`);
    await bootstrap(root, release, mirror);
    slim(root);
    write(root, "etc/apt/sources.list", `${lines.join("\n")}\n`);
    write(root, "etc/apt/apt.conf.d/90machine", `${settings.join("\n")}\n`);
    for (const [file, content] of Object.entries(certificates)) write(root, file, content);
  });
  return { layer, by: `Debian ${release} (minbase), a stand-in` };
}

async function bootstrap(/** @type {string} */ root, /** @type {string} */ release, /** @type {string} */ mirror) {
  if ((await attempt(["which", "debootstrap"])).code !== 0) await installPackages(["debootstrap"]);
  // In a mount namespace of its own: what it mounts inside `root` is gone with it, however it ends.
  const command = ["debootstrap", "--variant=minbase", "--include=ca-certificates", release, root, mirror];
  await run(["unshare", "--mount", "--propagation", "private", ...command], { timeout: 600_000 });
}

/** Takes out what a container image has no use for, and makes later package installations leave it out too. */
function slim(/** @type {string} */ root) {
  const emptied = [
    "var/cache/apt",
    "var/lib/apt/lists",
    "var/log",
    "tmp",
    "usr/share/doc",
    "usr/share/man",
    "usr/share/info",
  ];
  for (const folder of [...emptied, "usr/share/locale"]) {
    for (const entry of readdirSync(join(root, folder)))
      rmSync(join(root, folder, entry), { recursive: true, force: true });
  }
  for (const file of ["etc/resolv.conf", "etc/hostname", "var/cache/ldconfig/aux-cache"])
    rmSync(join(root, file), { force: true });
  const left = ["doc", "man", "info", "locale"].map((each) => `path-exclude /usr/share/${each}/*\n`);
  write(root, "etc/dpkg/dpkg.cfg.d/container", `${left.join("")}force-unsafe-io\n`);
  const clean =
    'APT::Keep-Downloaded-Packages "false";\nAcquire::Languages "none";\nDir::Cache::pkgcache "";\nDir::Cache::srcpkgcache "";\n';
  write(root, "etc/apt/apt.conf.d/80container", clean);
  // Nothing in a container may start services behind a package installation's back.
  write(root, "usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755);
}

/** The machine's trusted certificates by their path in the image, so that downloads work behind a gateway of its own. */
function machineCertificates() {
  const added = existsSync(LOCAL_CERTIFICATES)
    ? readdirSync(LOCAL_CERTIFICATES).filter((file) => file.endsWith(".crt"))
    : [];
  const files = [CA_BUNDLE, ...added.map((file) => join(LOCAL_CERTIFICATES, file))].filter((file) => existsSync(file));
  return Object.fromEntries(files.map((file) => [file, readFileSync(file, "utf8")]));
}

/** Writes a file of the image, with the folders above it. */
export function write(
  /** @type {string} */ root,
  /** @type {string} */ file,
  /** @type {string} */ content,
  mode = 0o644,
) {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), content, { mode });
}
