import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";

import { say, Stop } from "./say.mjs";

/**
 * Runs `work` while holding the kernel's lock on `file`; waits up to `seconds` for it. The lock goes with the holding
 * process however it ends, so there is never a stale one.
 *
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} work
 * @param {number} [seconds]
 * @returns {Promise<T>}
 */
export async function withLock(file, work, seconds = 300) {
  mkdirSync(dirname(file), { recursive: true });
  // The holder lives as long as its stdin is open, which the kernel closes for us even after a SIGKILL.
  const holder = spawn("flock", ["-w", String(seconds), file, "sh", "-c", "echo held; exec cat"], {
    stdio: ["pipe", "pipe", "ignore"],
    detached: true,
  });
  const ended = new Promise((resolve) => {
    holder.on("exit", resolve).on("error", resolve);
  });
  const patience = setTimeout(() => say(`waiting for another run to finish with ${file}`), 2_000);
  const held = await new Promise((resolve) => {
    holder.stdout.once("data", () => resolve(true));
    void ended.then(() => resolve(false));
  });
  clearTimeout(patience);
  if (!held) throw new Stop(`Another run has held ${file} for ${seconds} s.`);
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await ended;
  }
}
