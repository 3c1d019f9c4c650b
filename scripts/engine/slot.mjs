import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { processesInCgroup, removeCgroup } from "./cgroup.mjs";
import { withLock } from "./lock.mjs";
import { makeNetwork, processesInNetwork, removeNetwork, restoreForwarding } from "./network.mjs";
import { DATA_FOLDER, RUN_FOLDER } from "./paths.mjs";
import { dockerdBeside, isAlive, markProcess, withDescendants } from "./process.mjs";
import { until } from "./run.mjs";
import { say, Stop } from "./say.mjs";

const PLACE = join(RUN_FOLDER, "private");
const LOCK = join(RUN_FOLDER, "private.lock");
const FORWARDING_NOTE = join(PLACE, "forwarding-was-off");
const SLOTS = 200;

/**
 * The numbered place of one private engine. Everything it uses on the machine is named after the number, so that whoever
 * finds a slot whose owner is gone can take all of it away.
 *
 * @typedef {{number: number, folder: string, dataRoot: string, cgroup: string, network: import("./network.mjs").Network}} Slot
 */

const folderOf = (/** @type {number} */ number) => join(PLACE, String(number));
const dataRootOf = (/** @type {number} */ number) => join(DATA_FOLDER, "private", String(number));
const cgroupOf = (/** @type {number} */ number) => `dockyaml-${number}`;

/**
 * Takes a free slot for this process and makes its network, after clearing away the slots that ended processes left.
 *
 * @param {string} name for people who look into the slot's folder
 * @returns {Promise<Slot>}
 */
export async function takeSlot(name) {
  await sweepSlots();
  return withLock(LOCK, async () => {
    const taken = new Set(slotNumbers());
    const number = Array.from({ length: SLOTS }, (_, index) => index).find((each) => !taken.has(each));
    if (number === undefined) throw new Stop(`All ${SLOTS} places for private engines are taken (${PLACE}).`);
    const [folder, dataRoot] = [folderOf(number), dataRootOf(number)];
    mkdirSync(folder, { recursive: true });
    own(number, name);
    try {
      mkdirSync(dataRoot, { recursive: true });
      const network = await makeNetwork(number, FORWARDING_NOTE);
      return { number, folder, dataRoot, cgroup: cgroupOf(number), network };
    } catch (error) {
      await release(number);
      throw error;
    }
  });
}

/** Ends everything that runs in a slot of this process and gives the slot back, with all it used on the machine. */
export async function giveBack(/** @type {number} */ number) {
  await endProcesses(number);
  // The engine's mounts were in a mount namespace that ended with its last process: here are only plain files. There may
  // be very many, so the lock is not held while they go.
  await rm(dataRootOf(number), { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  await withLock(LOCK, () => release(number));
}

/** Clears away the slots whose owner is gone. */
export async function sweepSlots() {
  if (!existsSync(PLACE)) return;
  const stale = slotNumbers().filter((each) => !isAlive(readOwner(each)));
  if (stale.length === 0) return;
  const claimed = await withLock(LOCK, async () => {
    const still = stale.filter((each) => existsSync(folderOf(each)) && !isAlive(readOwner(each)));
    for (const number of still) own(number, "being cleared away");
    return still;
  });
  for (const number of claimed) {
    say(`clearing away what a private engine of an earlier run left (slot ${number})`);
    await giveBack(number);
  }
}

/** The slots in use. @returns {{number: number, name: string, owner: number}[]} */
export function slotsInUse() {
  return slotNumbers().flatMap((number) => {
    const owner = readOwner(number);
    return owner !== undefined && isAlive(owner) ? [{ number, name: owner.name, owner: owner.pid }] : [];
  });
}

function slotNumbers() {
  return existsSync(PLACE) ? readdirSync(PLACE).map(Number).filter(Number.isInteger) : [];
}

/** @returns {import("./process.mjs").ProcessMark & {name: string} | undefined} */
function readOwner(/** @type {number} */ number) {
  try {
    return JSON.parse(readFileSync(join(folderOf(number), "owner.json"), "utf8"));
  } catch {
    return undefined;
  }
}

/** Makes this process the owner of a slot; under the lock. */
function own(/** @type {number} */ number, /** @type {string} */ name) {
  writeFileSync(join(folderOf(number), "owner.json"), JSON.stringify({ ...markProcess(process.pid), name }));
}

/** Takes away what a slot without processes has left on the machine, the slot last; under the lock. */
async function release(/** @type {number} */ number) {
  await removeNetwork(number);
  removeCgroup(cgroupOf(number));
  await rm(dataRootOf(number), { recursive: true, force: true });
  await rm(folderOf(number), { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  if (slotNumbers().length === 0) restoreForwarding(FORWARDING_NOTE, dockerdBeside() !== undefined);
}

/** Kills the engine, its shims and containers, until none is left; each look may find what the one before had started. */
async function endProcesses(/** @type {number} */ number) {
  const gone = await until(
    async () => {
      const pids = withDescendants([...(await processesInNetwork(number)), ...processesInCgroup(cgroupOf(number))]);
      for (const pid of pids) {
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // Ended by itself in the meantime.
        }
      }
      return pids.length === 0;
    },
    { timeout: 20_000, every: 15 },
  );
  if (gone !== true) throw new Stop(`Processes of private engine ${number} can't be ended.`);
}
