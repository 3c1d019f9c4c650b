import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";

import { debianSources } from "../engine/apt.mjs";
import { cacheFolder } from "../engine/paths.mjs";
import { say, Stop } from "../engine/say.mjs";
import { reroot, rootOf } from "./tar-root.mjs";

/**
 * Where archives come from. `standIn` is the one that Debian keeps, under whose checksum it is taken or not at all;
 * `mirror` gives the address of a Debian archive.
 *
 * @typedef {{site: string, mirror: () => Promise<string>, standIn: {version: string, path: string, sha256: string}, cache: string}} Origin
 */

/** Milliseconds for a whole archive of about a megabyte. */
const PATIENCE = 20_000;

/** @returns {Origin} */
function publicOrigin() {
  return {
    site: "https://nginx.org/download",
    mirror: async () => (await debianSources()).mirror,
    standIn: {
      version: "1.22.1",
      path: "pool/main/n/nginx/nginx_1.22.1.orig.tar.gz",
      sha256: "9ebb333a9e82b952acd3e2b4aeb1d4ff6406f72491bab6cd9fe69f0dea737f31",
    },
    cache: cacheFolder("downloads"),
  };
}

/**
 * Puts the archive `name` (`nginx-X.Y.Z.tar.gz`) into the file `destination`, as the download site would serve it.
 * A file that is there already is kept.
 *
 * @param {string} name @param {string} destination @param {Partial<Origin>} [origin]
 */
export async function fetchArchive(name, destination, origin = {}) {
  if (existsSync(destination)) return;
  const found = await archiveFinder(origin)(name);
  if (found === undefined) throw new Stop(`There is no archive ${name}.`);
  writeWhole(destination, found.body);
}

/**
 * A function from an archive's name to its bytes, undefined when there is no such archive. `standIn` says what the bytes really are
 * where they are not what was asked for. A site out of reach is tried only once.
 */
export function archiveFinder(/** @type {Partial<Origin>} */ other = {}) {
  const origin = { ...publicOrigin(), ...other };
  let reachable = true;
  return async (/** @type {string} */ name) => {
    const root = /^(nginx-\d+\.\d+\.\d+)\.tar\.gz$/u.exec(name)?.[1];
    if (root === undefined) return undefined;
    const kept = join(origin.cache, name);
    if (existsSync(kept)) return archive(readFileSync(kept));
    if (reachable) {
      const real = await download(`${origin.site}/${name}`);
      if (real === "absent") return undefined;
      if (real !== "unreachable" && rootOf(real) === root) {
        writeWhole(kept, real);
        return archive(real);
      }
      reachable = false;
    }
    const standIn = `nginx ${origin.standIn.version} from Debian's archive, renamed to ${root}`;
    say(`${new URL(origin.site).host} can't be reached: ${name} is ${standIn}`);
    return archive(gzipSync(reroot(gunzipSync(await debianArchive(origin)), root)), standIn);
  };
}

/** @param {Buffer} body @param {string} [standIn] */
function archive(body, standIn) {
  return { body, sha256: sha256(body), standIn };
}

/** The archive that Debian keeps, from the cache or the mirror. */
async function debianArchive(/** @type {Origin} */ { standIn, mirror, cache }) {
  const kept = join(cache, standIn.path.slice(standIn.path.lastIndexOf("/") + 1));
  if (existsSync(kept) && sha256(readFileSync(kept)) === standIn.sha256) return readFileSync(kept);
  const body = await download(`${(await mirror()).replace(/\/$/u, "")}/${standIn.path}`);
  if (typeof body === "string")
    throw new Stop(`Neither nginx's site nor the source of nginx ${standIn.version} at Debian's mirror can be had.`);
  if (sha256(body) !== standIn.sha256)
    throw new Stop(`The mirror's ${standIn.path} is not the file that was expected: its checksum differs.`);
  writeWhole(kept, body);
  return body;
}

/** The bytes behind `url`, or why there are none: `absent` or `unreachable`. */
async function download(/** @type {string} */ url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE) });
    if (response.ok) return Buffer.from(await response.arrayBuffer());
    await response.body?.cancel();
    return response.status === 404 ? "absent" : "unreachable";
  } catch (error) {
    if (error instanceof TypeError || (error instanceof DOMException && error.name === "TimeoutError"))
      return "unreachable";
    throw error;
  }
}

function sha256(/** @type {Buffer} */ bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}

/** @param {string} file @param {Buffer} bytes */
function writeWhole(file, bytes) {
  mkdirSync(dirname(file), { recursive: true });
  const part = `${file}.${randomBytes(4).toString("hex")}.part`;
  try {
    writeFileSync(part, bytes);
    renameSync(part, file);
  } finally {
    rmSync(part, { force: true });
  }
}
