import { say } from "../scripts/engine/say.mjs";
import { compare } from "./statistics.mjs";

/** @typedef {import("./statistics.mjs").Comparison} Comparison */

/**
 * Lets both sides do a case's work in turn, which of them is first changing from pair to pair. The first pair is not
 * counted: it fills caches.
 *
 * @param {import("./cases.mjs").Case} given
 * @param {import("./world.mjs").World} world
 * @param {number} pairs
 * @returns {Promise<Record<string, Comparison>>} by metric
 */
export async function runPairs(given, world, pairs) {
  const scene = await given.prepare(world);
  try {
    /** @type {Record<string, import("./statistics.mjs").Pairs>} */
    const measured = {};
    for (let round = 0; round <= pairs; round += 1) {
      const order = /** @type {import("./world.mjs").Side[]} */ (round % 2 === 0 ? ["dock", "peer"] : ["peer", "dock"]);
      for (const side of order) {
        const figures = await scene.measure(side, round);
        if (round === 0) continue;
        for (const [metric, value] of Object.entries(figures)) {
          measured[metric] ??= { dock: [], peer: [] };
          measured[metric][side].push(value);
        }
      }
    }
    return Object.fromEntries(Object.entries(measured).map(([metric, values]) => [metric, compare(values)]));
  } finally {
    await scene.clear?.().catch((error) => say(`${given.name} could not be cleared away: ${error.message}`));
  }
}
