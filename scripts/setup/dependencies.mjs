// Dependencies and the build, as the two commands of the README need them: only what is missing or older is done.
import { spawn } from "node:child_process";
import { lstat, readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { say, Stop } from "../engine/say.mjs";

/** The checkout. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");

/** Signals that end the program too, and how long (ms) it gets for that. */
const SIGNALS = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
const GRACE_MS = 10_000;

/**
 * Runs a program with our own streams and gives its exit code. After `minutes` it is ended, with its children.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ minutes: number, env?: Record<string, string | undefined>, cwd?: string }} options
 * @returns {Promise<number>}
 */
export async function runProgram(program, args, { minutes, env = {}, cwd = ROOT }) {
  const child = spawn(program, args, {
    cwd,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...env },
    detached: true,
  });
  const end = (/** @type {NodeJS.Signals} */ signal) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch (error) {
      if (error.code !== "ESRCH") throw error;
    }
  };
  let late = false;
  const timers = [
    setTimeout(() => {
      late = true;
      say(`${program} ${args.join(" ")} has taken more than ${minutes} minutes and is ended`);
      end("SIGKILL");
    }, minutes * 60_000),
  ];
  const interrupt = () => {
    end("SIGTERM");
    timers.push(setTimeout(() => end("SIGKILL"), GRACE_MS));
  };
  for (const name of SIGNALS) process.on(name, interrupt);
  try {
    return await new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (code, signal) => resolve(late ? 124 : (code ?? (signal === "SIGTERM" ? 143 : 1))));
    });
  } finally {
    for (const timer of timers) clearTimeout(timer);
    for (const name of SIGNALS) process.off(name, interrupt);
  }
}

/**
 * Installs the packages of the lock file unless exactly those are there. A `node_modules` that is a link is never
 * installed into: `npm ci` empties what it leads to, which is somebody else's.
 */
export async function ensureDependencies(root = ROOT) {
  if (await isInstalled(root)) return;
  const folder = join(root, "node_modules");
  if ((await lstat(folder).catch(absent))?.isSymbolicLink()) {
    throw new Stop(`${folder} is a link to a folder that lacks packages of package-lock.json.`, {
      hint: "Run npm ci where it leads to, or remove the link.",
    });
  }
  say("installing dependencies (npm ci)");
  const args = ["ci", "--no-audit", "--no-fund", "--ignore-scripts"];
  const code = await runProgram("npm", args, { minutes: 10, cwd: root });
  if (code !== 0) throw new Stop(`npm ci failed with exit code ${code}: is the npm registry reachable?`);
}

/** Whether every package that the lock file asks for is installed in its version; other platforms' needn't be. */
async function isInstalled(/** @type {string} */ root) {
  const installed = await packagesOf(join(root, "node_modules/.package-lock.json"));
  const wanted = await packagesOf(join(root, "package-lock.json"));
  if (installed === undefined || wanted === undefined) return false;
  return Object.entries(wanted).every(
    ([place, { version, optional }]) => place === "" || optional === true || installed[place]?.version === version,
  );
}

/** @returns {Promise<Record<string, { version?: string, optional?: boolean }> | undefined>} */
async function packagesOf(/** @type {string} */ lockFile) {
  const text = await readFile(lockFile, "utf8").catch(absent);
  return text === undefined ? undefined : JSON.parse(text).packages;
}

/** Undefined for a file that is not there; any other error is thrown again. @param {NodeJS.ErrnoException} error */
function absent(error) {
  if (error.code === "ENOENT") return undefined;
  throw error;
}

/** Builds `dist/` unless it is newer than every source. */
export async function ensureBuild() {
  const built = await timeOf(join(ROOT, "dist/dock.js"));
  const sources = await Promise.all([
    newest(join(ROOT, "src")),
    newest(join(ROOT, "scripts/release")),
    ...["package.json", "package-lock.json", "scripts/build.mjs"].map((file) => timeOf(join(ROOT, file))),
  ]);
  if (built !== undefined && sources.every((time) => (time ?? 0) <= built)) return;
  say("building dock (npm run build)");
  const code = await runProgram(process.execPath, [join(ROOT, "scripts/build.mjs")], { minutes: 5 });
  if (code !== 0) throw new Stop(`the build failed with exit code ${code}`);
}

/** Modification time of a file in milliseconds, or undefined. @returns {Promise<number | undefined>} */
async function timeOf(/** @type {string} */ path) {
  return (await stat(path).catch(absent))?.mtimeMs;
}

async function newest(/** @type {string} */ directory) {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const times = await Promise.all(entries.map((entry) => timeOf(join(entry.parentPath ?? entry.path, entry.name))));
  return Math.max(...times.map((time) => time ?? 0));
}
