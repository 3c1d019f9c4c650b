import { readdirSync, readFileSync, readlinkSync } from "node:fs";

import { until } from "./run.mjs";

/** @typedef {{pid: number, start: string}} ProcessMark a process id with the moment it began, so that a reused id is told apart */

/** When the process began, as `<boot id>:<clock ticks since boot>`; undefined when there is no such process (or a zombie). */
export function processStart(/** @type {number} */ pid) {
  const fields = statFields(pid);
  if (fields === undefined || fields[0] === "Z" || fields[0] === "X") return undefined;
  return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}:${fields[19]}`;
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

/** The processes and all that they started, without this process; in no particular order. */
export function withDescendants(/** @type {readonly number[]} */ pids) {
  if (pids.length === 0) return [];
  /** @type {Map<number, number[]>} */
  const children = new Map();
  for (const pid of processIds()) {
    const parent = statFields(pid)?.[1];
    if (parent !== undefined) children.set(Number(parent), [...(children.get(Number(parent)) ?? []), pid]);
  }
  const all = new Set(pids);
  for (const pid of all) for (const child of children.get(pid) ?? []) all.add(child);
  all.delete(process.pid);
  return [...all].filter((pid) => processStart(pid) !== undefined);
}

/** A dockerd that shares this process's network, where starting another would flush its firewall chains. */
export function dockerdBeside() {
  const ours = readlinkSync("/proc/self/ns/net");
  return processIds().find((pid) => {
    try {
      return (
        readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "dockerd" && readlinkSync(`/proc/${pid}/ns/net`) === ours
      );
    } catch {
      return false;
    }
  });
}

function processIds() {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/u.test(name))
    .map(Number);
}

/** The fields of a process's `stat` from its state on; undefined when it is gone. */
function statFields(/** @type {number} */ pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command's name stands in brackets and may hold anything; what follows the last bracket is regular.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}
