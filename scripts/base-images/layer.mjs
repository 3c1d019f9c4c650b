import { createHash } from "node:crypto";
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";

import { withLock } from "../engine/lock.mjs";
import { cacheFolder } from "../engine/paths.mjs";
import { run } from "../engine/run.mjs";

/** @typedef {{file: string, diffId: string, created: string}} Layer an uncompressed tar with its `sha256:…` */

/**
 * A layer from the cache folder, or made there: `fill` puts the files into the folder it is given. `inputs` is everything
 * that the result depends on; other inputs make another layer, and the older one of that name is removed.
 *
 * @param {string} name
 * @param {unknown} inputs JSON data
 * @param {(folder: string) => Promise<void>} fill
 * @returns {Promise<Layer>}
 */
export async function cachedLayer(name, inputs, fill) {
  const key = createHash("sha256").update(JSON.stringify(inputs)).digest("hex").slice(0, 16);
  const stamp = cacheFolder("stand-ins", `${name}.json`);
  const known = readLayer(stamp, key);
  return (
    known ??
    withLock(cacheFolder("stand-ins", `${name}.lock`), async () => readLayer(stamp, key) ?? make(stamp, key, fill), 900)
  );
}

/** @returns {Layer | undefined} */
function readLayer(/** @type {string} */ stamp, /** @type {string} */ key) {
  if (!existsSync(stamp)) return undefined;
  const { layer, key: of } = JSON.parse(readFileSync(stamp, "utf8"));
  return of === key && existsSync(layer.file) ? layer : undefined;
}

async function make(
  /** @type {string} */ stamp,
  /** @type {string} */ key,
  /** @type {(folder: string) => Promise<void>} */ fill,
) {
  const file = stamp.replace(/\.json$/u, ".tar");
  mkdirSync(dirname(file), { recursive: true });
  const work = mkdtempSync(join(dirname(file), "work-"));
  const root = join(work, "root");
  try {
    mkdirSync(root, { mode: 0o755 });
    await fill(root);
    const tar = [
      "tar",
      "--create",
      "--numeric-owner",
      "--sort=name",
      "--one-file-system",
      "-C",
      root,
      "-f",
      join(work, "layer.tar"),
      ".",
    ];
    await run(tar, { timeout: 300_000 });
    const hash = createHash("sha256");
    await pipeline(createReadStream(join(work, "layer.tar")), hash);
    const layer = { file, diffId: `sha256:${hash.digest("hex")}`, created: new Date().toISOString() };
    renameSync(join(work, "layer.tar"), file);
    writeFileSync(`${stamp}.new`, JSON.stringify({ key, layer }));
    renameSync(`${stamp}.new`, stamp);
    return layer;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
