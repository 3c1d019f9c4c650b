import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { Stop } from "../scripts/engine/say.mjs";

/** No run of a case takes longer, in milliseconds. */
const LONGEST = 600_000;
const TIME = "/usr/bin/time";

/** @typedef {{ cwd: string, env: NodeJS.ProcessEnv }} Surroundings */

/** Runs a program to its end and gives the milliseconds it took; anything but exit code 0 ends the bench. */
export function timed(/** @type {readonly string[]} */ argv, /** @type {Surroundings} */ surroundings) {
  const [file = "", ...args] = argv;
  const start = process.hrtime.bigint();
  const { status, signal, stderr, error } = spawnSync(file, args, {
    ...surroundings,
    stdio: ["ignore", "ignore", "pipe"],
    timeout: LONGEST,
    maxBuffer: 256 * 1024 * 1024,
  });
  const milliseconds = Number(process.hrtime.bigint() - start) / 1e6;
  if (status === 0) return milliseconds;
  const how = error?.message ?? `ended with ${signal ?? status}`;
  throw new Stop(`${argv.join(" ")} ${how}:\n${String(stderr).trim().split("\n").slice(-12).join("\n")}`);
}

/** Whether peaks of memory can be measured here: GNU time reads them from the kernel. */
export const canMeasureMemory = existsSync(TIME);

/** The largest resident set, in MB, of a program or of one that it started and waited for. */
export function memoryPeak(/** @type {readonly string[]} */ argv, /** @type {Surroundings} */ surroundings) {
  const { status, stderr } = spawnSync(TIME, ["-f", "peak %M kB", ...argv], {
    ...surroundings,
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
    timeout: LONGEST,
    maxBuffer: 256 * 1024 * 1024,
  });
  const kilobytes = /peak (\d+) kB/u.exec(stderr)?.[1];
  if (status !== 0 || kilobytes === undefined) throw new Stop(`${argv.join(" ")} ended with ${status}:\n${stderr}`);
  return Number(kilobytes) / 1024;
}
