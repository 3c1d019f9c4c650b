import { spawn } from "node:child_process";
import { constants } from "node:os";

import { insideNetwork } from "./network.mjs";
import { startPrivateEngine } from "./private-engine.mjs";
import { say, Stop } from "./say.mjs";

const VERSIONS = /** @type {const} */ (["28", "28-c8d", "20"]);
/** A command that was told to end gets this long (ms) before it is killed. */
const GRACE = 10_000;

/**
 * `private VERSION -- COMMAND…`: runs a command against a fresh engine, in that engine's network (its published ports
 * answer there on 127.0.0.1) and with DOCKER_HOST set; the engine goes when the command ends or this process is told to.
 *
 * @param {readonly string[]} args
 * @returns {Promise<number>} the command's exit code
 */
export async function runWithPrivateEngine(args) {
  const version = VERSIONS.find((each) => each === args[0]);
  const [separator, ...argv] = args.slice(1);
  if (version === undefined || separator !== "--" || argv.length === 0) {
    throw new Stop(`usage: node scripts/engine.mjs private ${VERSIONS.join("|")} -- COMMAND [ARGUMENT…]`, {
      exitCode: 2,
    });
  }
  const told = new AbortController();
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]))
    process.on(signal, () => told.abort(signal));
  const engine = await startPrivateEngine({ version, name: argv.join(" ") });
  try {
    say(`private Docker Engine ${engine.version} at ${engine.host} (network namespace ${engine.netns})`);
    return await follow(insideNetwork(engine.netns, argv), { ...process.env, DOCKER_HOST: engine.host }, told.signal);
  } finally {
    await engine.stop();
  }
}

/** Runs a command with this process's streams; its exit code, or 128 and the signal's number. */
async function follow(
  /** @type {readonly string[]} */ argv,
  /** @type {NodeJS.ProcessEnv} */ env,
  /** @type {AbortSignal} */ told,
) {
  if (told.aborted) return exitCodeOf(told.reason);
  const [command = "", ...args] = argv;
  const child = spawn(command, args, { env, stdio: "inherit" });
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  told.addEventListener("abort", () => {
    // Ctrl-C in a terminal has reached the command already: it is in the same process group.
    if (told.reason !== "SIGINT" || !process.stdin.isTTY) child.kill(told.reason);
    timer = setTimeout(() => child.kill("SIGKILL"), GRACE);
  });
  try {
    return await new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (code, signal) => resolve(code ?? exitCodeOf(signal ?? "SIGKILL")));
    });
  } finally {
    clearTimeout(timer);
  }
}

const exitCodeOf = (/** @type {NodeJS.Signals} */ signal) => 128 + (constants.signals[signal] ?? 9);
