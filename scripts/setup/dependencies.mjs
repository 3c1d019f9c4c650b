// Dependencies and the build, as the two commands of the README need them: only what is missing or older is done.
import { spawn } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { say, Stop } from "../engine/say.mjs";

/** The checkout. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");

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
  const interrupt = () => end("SIGTERM");
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    say(`${program} ${args.join(" ")} has taken more than ${minutes} minutes and is ended`);
    end("SIGKILL");
  }, minutes * 60_000);
  try {
    return await new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (code, signal) => resolve(late ? 124 : (code ?? (signal === "SIGTERM" ? 143 : 1))));
    });
  } finally {
    clearTimeout(timer);
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

/** Installs the packages of the lock file unless they are there. */
export async function ensureDependencies() {
  const installed = await timeOf(join(ROOT, "node_modules/.package-lock.json"));
  if (installed !== undefined && installed >= ((await timeOf(join(ROOT, "package-lock.json"))) ?? 0)) return;
  say("installing dependencies (npm ci)");
  const code = await runProgram("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], { minutes: 10 });
  if (code !== 0) throw new Stop(`npm ci failed with exit code ${code}: is the npm registry reachable?`);
}

/** Builds `dist/` unless it is newer than every source. */
export async function ensureBuild() {
  const built = await timeOf(join(ROOT, "dist/dock.js"));
  const sources = await Promise.all([
    newest(join(ROOT, "src")),
    ...["package.json", "package-lock.json", "scripts/build.mjs"].map((file) => timeOf(join(ROOT, file))),
  ]);
  if (built !== undefined && sources.every((time) => (time ?? 0) <= built)) return;
  say("building dock (npm run build)");
  const code = await runProgram(process.execPath, [join(ROOT, "scripts/build.mjs")], { minutes: 5 });
  if (code !== 0) throw new Stop(`the build failed with exit code ${code}`);
}

/** Modification time of a file in milliseconds, or undefined. @returns {Promise<number | undefined>} */
async function timeOf(/** @type {string} */ path) {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

async function newest(/** @type {string} */ directory) {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const times = await Promise.all(entries.map((entry) => timeOf(join(entry.parentPath ?? entry.path, entry.name))));
  return Math.max(...times.map((time) => time ?? 0));
}
