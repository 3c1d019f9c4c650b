import { execFile } from "node:child_process";
import { chmod, copyFile, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { inject } from "postject";

/** Node's mark in its own binary that tells whether a program was put in. */
const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

/** How `dock.js` reads the parts that lie beside it, and how it does inside of an executable. */
const BESIDE = "readFileSync(join(__dirname, name))";
const INSIDE = 'Buffer.from(require("node:sea").getRawAsset(name))';

/**
 * Makes one file of a release and of the Node that runs this: it starts where no Node is installed. The file is there
 * whole or not at all.
 *
 * @param {string} release directory with `dock.js`, its scripts and their code caches
 * @param {string} file
 */
export async function makeExecutable(release, file) {
  const folder = await mkdtemp(join(tmpdir(), "dock-executable-"));
  try {
    const start = await readFile(join(release, "dock.js"), "utf8");
    if (start.split(BESIDE).length !== 2) throw new Error("dock.js reads its parts in another way than this expects");
    const main = join(folder, "main.js");
    await writeFile(main, start.replace(/^#!.*\n/, "").replace(BESIDE, INSIDE));
    const parts = (await readdir(release)).filter((name) => /^(hot|cold)\.js/.test(name));
    const blob = join(folder, "program.blob");
    const config = {
      main,
      output: blob,
      disableExperimentalSEAWarning: true,
      assets: Object.fromEntries(parts.map((name) => [name, join(release, name)])),
    };
    await writeFile(join(folder, "config.json"), JSON.stringify(config));
    await promisify(execFile)(process.execPath, ["--experimental-sea-config", join(folder, "config.json")]);
    const binary = join(folder, "dock");
    await copyFile(process.execPath, binary);
    await chmod(binary, 0o755);
    await inject(binary, "NODE_SEA_BLOB", await readFile(blob), { sentinelFuse: FUSE });
    // The place may be on another file system.
    const fresh = `${file}.${process.pid}`;
    await copyFile(binary, fresh);
    await rename(fresh, file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
