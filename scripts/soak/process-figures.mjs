import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** @typedef {{ idlePercent: number, memory: number, descriptors: number, watches: number }} Figures of a process: share of one processor while nothing happens, bytes of resident memory, open descriptors, inotify watches */

/** Clock ticks in a second, as Linux counts for programs. */
const TICKS = 100;

/** Figures of a process over some seconds in which nothing is asked of it. @param {number} pid @param {number} seconds @returns {Promise<Figures>} */
export async function measure(pid, seconds) {
  // What was asked for just before is done first.
  await delay(5000);
  const before = ticksOf(pid);
  await delay(seconds * 1000);
  const idlePercent = ((ticksOf(pid) - before) / TICKS / seconds) * 100;
  const memory = Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
  return { idlePercent, memory, descriptors: readdirSync(`/proc/${pid}/fd`).length, watches: watchesOf(pid) };
}

/** Time on a processor since its start, in ticks. */
function ticksOf(/** @type {number} */ pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

function watchesOf(/** @type {number} */ pid) {
  let count = 0;
  for (const name of readdirSync(`/proc/${pid}/fdinfo`)) {
    try {
      count += readFileSync(`/proc/${pid}/fdinfo/${name}`, "utf8").match(/^inotify /gm)?.length ?? 0;
    } catch (error) {
      // Closed meanwhile.
      if (error.code !== "ENOENT") throw error;
    }
  }
  return count;
}
