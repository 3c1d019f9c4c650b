import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

import { Stop } from "./say.mjs";

/**
 * @typedef {{code: number | null, signal: NodeJS.Signals | null, stdout: string, stderr: string, timedOut: boolean}} Outcome
 * @typedef {{timeout?: number, env?: NodeJS.ProcessEnv, cwd?: string, input?: string}} RunOptions `timeout` in milliseconds
 */

/**
 * Runs a command to its end and hands back what it wrote; killed after `timeout` (60 s unless told).
 * Never rejects because of the exit code, only when the command cannot be started.
 *
 * @param {readonly string[]} argv
 * @param {RunOptions} [options]
 * @returns {Promise<Outcome>}
 */
export function attempt(argv, { timeout = 60_000, env = process.env, cwd, input } = {}) {
  return new Promise((resolve, reject) => {
    const [file = "", ...args] = argv;
    const child = spawn(file, args, { env, cwd, stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"] });
    const seen = { stdout: "", stderr: "" };
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
    }, timeout);
    for (const name of /** @type {const} */ (["stdout", "stderr"])) {
      child[name]?.setEncoding("utf8").on("data", (text) => {
        seen[name] += text;
      });
    }
    child.stdin?.on("error", () => {}).end(input);
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    // A grandchild may keep the pipes open after a kill: its end is not ours to wait for.
    child.on("exit", (code, signal) => {
      const finish = () => {
        clearTimeout(timer);
        child.stdout?.destroy();
        child.stderr?.destroy();
        resolve({ code, signal, timedOut, ...seen });
      };
      if (timedOut) finish();
      else child.on("close", finish);
    });
  });
}

/**
 * Like `attempt`, but anything other than exit code 0 is a `Stop` with the last lines the command wrote.
 *
 * @param {readonly string[]} argv
 * @param {RunOptions} [options]
 */
export async function run(argv, options) {
  const outcome = await attempt(argv, options);
  if (outcome.code === 0) return outcome.stdout;
  const lines = `${outcome.stdout}\n${outcome.stderr}`.trim().split("\n").slice(-12).join("\n");
  const how = outcome.timedOut ? "took too long" : `ended with ${outcome.signal ?? outcome.code}`;
  throw new Stop(`${argv.filter((word) => !word.startsWith("-o")).join(" ")} ${how}:\n${lines}`);
}

/** Calls `ready` every `every` ms until it gives something other than undefined or false; undefined after `timeout` ms. */
export async function until(/** @type {() => unknown} */ ready, { timeout = 10_000, every = 20 } = {}) {
  const end = Date.now() + timeout;
  for (;;) {
    const value = await ready();
    if (value !== undefined && value !== false) return value;
    if (Date.now() >= end) return undefined;
    await new Promise((resolve) => {
      setTimeout(resolve, every);
    });
  }
}

/** The last lines of a log file, for the message of a failure. */
export function endOf(/** @type {string} */ file) {
  return `The end of ${file}:\n${readFileSync(file, "utf8").trim().split("\n").slice(-8).join("\n")}`;
}
