import { readFileSync } from "node:fs";

import { until } from "./run.mjs";

/** @typedef {{pid: number, start: string}} ProcessMark a process id with the moment it began, so that a reused id is told apart */

/** When the process began, as `<boot id>:<clock ticks since boot>`; undefined when there is no such process (or a zombie). */
export function processStart(/** @type {number} */ pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command's name stands in brackets and may hold anything; what follows the last bracket is regular.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return undefined;
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}:${fields[19]}`;
  } catch {
    return undefined;
  }
}

/** The mark of a running process. */
export function markProcess(/** @type {number} */ pid) {
  return { pid, start: processStart(pid) ?? "gone" };
}

/** True while exactly the marked process is alive. */
export function isAlive(/** @type {ProcessMark | undefined} */ mark) {
  return mark !== undefined && mark.pid > 0 && processStart(mark.pid) === mark.start;
}

/** Signals the marked process and waits up to `timeout` ms for its end; true when it is gone. */
export async function endProcess(
  /** @type {ProcessMark} */ mark,
  /** @type {NodeJS.Signals} */ signal,
  timeout = 15_000,
) {
  if (!isAlive(mark)) return true;
  try {
    process.kill(mark.pid, signal);
  } catch {
    return !isAlive(mark);
  }
  return (await until(() => !isAlive(mark), { timeout })) === true;
}
