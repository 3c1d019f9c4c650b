import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { manyServices, projectFiles } from "../project.mjs";
import { timed } from "../program.mjs";

/** @typedef {import("../cases.mjs").Case} Case */

/** @type {Case} */
const help = {
  name: "help",
  title: "`dock --help`",
  peer: "a `node` process that does nothing",
  targets: { time: 1.3 },
  prepare: async (world) => {
    const cwd = world.directory("help");
    writeFileSync(join(cwd, "empty.cjs"), "");
    const empty = [process.execPath, "empty.cjs"];
    return {
      measure: async (side) => ({
        time: side === "dock" ? world.dock(cwd, "--help") : timed(empty, { cwd, env: world.env }),
      }),
    };
  },
};

const config = (/** @type {number} */ size, /** @type {Partial<Case>} */ more = {}) =>
  /** @type {Case} */ ({
    name: `config-${size}`,
    title: `\`config\` of ${size} services`,
    peer: "docker compose",
    targets: {},
    family: "config",
    size,
    prepare: async (world) => {
      const twins = world.twins(`config-${size}`, projectFiles({ name: "config", services: manyServices(size) }));
      return { measure: async (side) => ({ time: world.run(side, twins[side], "config") }) };
    },
    ...more,
  });

export const startUp = [help, config(10), config(100), config(1000)];
