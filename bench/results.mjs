import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";
import { ROOT } from "../scripts/setup/dependencies.mjs";

/**
 * @typedef {Record<string, import("./statistics.mjs").Comparison>} Comparisons by metric
 * @typedef {object} Result what one run of a case gave, and where
 * @property {string} name
 * @property {Comparisons} metrics
 * @property {string} date
 * @property {Record<string, string>} versions
 * @property {string} machine
 * @property {number} load processes that wanted to run while it was measured, the minute's average
 */

const FOLDER = join(ROOT, "bench/results");
const FILE = join(FOLDER, "latest.json");

/** The latest result of every case that was ever run in this checkout, by name. @returns {Record<string, Result>} */
export function readResults() {
  try {
    return JSON.parse(readFileSync(FILE, "utf8"));
  } catch (error) {
    if (error.code === "ENOENT") return {};
    throw error;
  }
}

/** Keeps a result in place of the case's one before. */
export function keepResult(/** @type {Result} */ result) {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(FILE, `${JSON.stringify({ ...readResults(), [result.name]: result }, undefined, 2)}\n`);
}

/** A result with the circumstances of now. @param {string} name @param {Comparisons} metrics @param {import("./world.mjs").World} world @returns {Result} */
export function resultOf(name, metrics, world) {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const { docker, ...plugins } = world.peers.versions;
  return {
    name,
    metrics,
    date: new Date().toISOString().slice(0, 10),
    versions: {
      dock: version,
      node: process.versions.node,
      engine: world.engineVersion,
      docker: docker ?? "",
      ...plugins,
    },
    machine: `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}`,
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
}
