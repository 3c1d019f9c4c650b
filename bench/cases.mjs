import { besideBuilds } from "./cases/beside.mjs";
import { builds } from "./cases/builds.mjs";
import { memory } from "./cases/memory.mjs";
import { plainCases } from "./cases/plain.mjs";
import { services } from "./cases/services.mjs";
import { startUp } from "./cases/start-up.mjs";
import { watching } from "./cases/watching.mjs";

/**
 * One comparison. A new one is one more of these in a list below: `prepare` makes what both sides need, untimed, and
 * gives a function that lets one side do the work once and says what was measured: milliseconds by metric, or MB for the
 * metric `peak`.
 *
 * @typedef {object} Case
 * @property {string} name what `npm run bench -- NAME` calls it
 * @property {string} title for the report
 * @property {string} peer what dock is compared with
 * @property {Readonly<Record<string, number>>} targets by metric, the largest ratio of dock to the peer that is aimed at
 * @property {Readonly<Record<string, number>>} [limits] by metric, the largest figure of dock itself that is aimed at
 * @property {Readonly<Record<string, number>>} [slowest] the same for what 19 of 20 of dock's stay within
 * @property {string} [family] cases that differ only in `size`
 * @property {number} [size]
 * @property {boolean} [large] runs only when it is named, or with --large
 * @property {number} [pairs] counted pairs where not as many as elsewhere are needed
 * @property {(world: import("./world.mjs").World) => string | undefined} [skip] why it can't run here
 * @property {(world: import("./world.mjs").World) => Promise<Scene>} prepare
 *
 * @typedef {object} Scene
 * @property {(side: import("./world.mjs").Side, round: number) => Promise<Record<string, number>>} measure
 * @property {() => Promise<void>} [clear]
 */

/** Every case, in the order of the report. @type {readonly Case[]} */
export const CASES = [...startUp, ...services, ...plainCases, ...besideBuilds, ...builds, ...watching, ...memory];
