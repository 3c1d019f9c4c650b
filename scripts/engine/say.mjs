import { realpathSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** One line of progress on stderr, so that stdout stays free for data. */
export function say(/** @type {string} */ line) {
  process.stderr.write(`${line}\n`);
}

/**
 * A reason to stop that the person at the keyboard can act on: printed without a stack,
 * and the process ends with `exitCode` (3: no usable engine, 1: something failed, 2: wrong usage).
 */
export class Stop extends Error {
  /** @param {string} message @param {{exitCode?: number, hint?: string, cause?: unknown}} [more] */
  constructor(message, { exitCode = 1, hint, cause } = {}) {
    super(hint === undefined ? message : `${message}\n${hint}`, cause === undefined ? {} : { cause });
    this.name = "Stop";
    this.exitCode = exitCode;
  }
}

/** Runs a script's main function: a `Stop` becomes its message and exit code, anything else a stack and 70. */
export async function runMain(/** @type {() => Promise<number | void>} */ main) {
  process.exitCode = 70;
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    const known = error instanceof Stop;
    say(known ? error.message : error instanceof Error ? String(error.stack) : String(error));
    process.exitCode = known ? error.exitCode : 70;
  }
}

/** True when the module behind `url` is the script that node was started with. */
export function isMain(/** @type {string} */ url) {
  return process.argv[1] !== undefined && url === pathToFileURL(realpathSync(process.argv[1])).href;
}
