import { existsSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";

const TREE = "/sys/fs/cgroup";

/** The folders of a named top-level cgroup, in every hierarchy of version 1 and in the one of version 2. */
function cgroupFolders(/** @type {string} */ name) {
  const tops = existsSync(join(TREE, "cgroup.procs")) ? [TREE] : readdirSync(TREE).map((each) => join(TREE, each));
  return tops.map((top) => join(top, name)).filter((folder) => existsSync(folder));
}

/** Ids of all processes in a named cgroup and the ones below it. */
export function processesInCgroup(/** @type {string} */ name) {
  const pids = cgroupFolders(name).flatMap((folder) =>
    below(folder).flatMap((each) => {
      try {
        return readFileSync(join(each, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
      } catch {
        return [];
      }
    }),
  );
  // A process of another PID namespace is listed as 0, which for `kill` means oneself.
  return [...new Set(pids)].filter((pid) => pid > 0);
}

/** Removes a named cgroup that has no processes any more, with the ones below it. */
export function removeCgroup(/** @type {string} */ name) {
  for (const folder of cgroupFolders(name)) {
    for (const each of below(folder)) {
      try {
        rmdirSync(each);
      } catch {
        // The kernel may need a moment more for an ended process; an empty cgroup left behind is swept by the next start.
      }
    }
  }
}

/** A folder and all folders in it, deepest first. @returns {string[]} */
function below(/** @type {string} */ folder) {
  try {
    const inner = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [...inner.flatMap((entry) => below(join(folder, entry.name))), folder];
  } catch {
    return [];
  }
}
