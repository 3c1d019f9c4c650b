import { manyServices, projectFiles } from "../project.mjs";
import { canMeasureMemory } from "../program.mjs";
import { makeTree } from "../tree.mjs";

/** @typedef {import("../cases.mjs").Case} Case */
/** @typedef {import("../world.mjs").Side} Side */

const SIDES = /** @type {Side[]} */ (["dock", "peer"]);
const skip = () => (canMeasureMemory ? undefined : "needs GNU time as /usr/bin/time");

const ofNoop = (/** @type {number} */ size, /** @type {Partial<Case>} */ more = {}) =>
  /** @type {Case} */ ({
    name: `memory-noop-${size}`,
    title: `memory of \`up -d\` with nothing to do, ${size} services`,
    peer: "docker compose",
    targets: {},
    skip,
    pairs: 3,
    prepare: async (world) => {
      const twins = world.twins(`memory${size}`, projectFiles({ name: `memory${size}`, services: manyServices(size) }));
      for (const side of SIDES) world.run(side, twins[side], "up", "-d");
      const words = { dock: ["up", "-d"], peer: ["compose", "up", "-d"] };
      return {
        measure: async (side) => ({ peak: world.peak(side, twins[side], ...words[side]) }),
        clear: async () => {
          for (const side of SIDES) world.run(side, twins[side], "down");
        },
      };
    },
    ...more,
  });

const ofBuild = (/** @type {number} */ size, /** @type {Partial<Case>} */ more = {}) =>
  /** @type {Case} */ ({
    name: `memory-build-${size}`,
    title: `memory of the first \`build\` of ${size.toLocaleString("en")} files`,
    peer: "docker buildx",
    targets: {},
    skip,
    pairs: 3,
    prepare: async (world) => {
      const name = `bench-memory-build${size}`;
      const twins = world.twins(`memorybuild${size}`, {
        Dockerfile: "FROM scratch\nCOPY src /src\n",
        "dock.yaml": `name: ${name}\nimages:\n  app: { context: . }\n`,
      });
      for (const side of SIDES) makeTree(world.directory(`memorybuild${size}/${side}/src`), size);
      const words = { dock: ["build"], peer: ["buildx", "build", "--tag", `${name}-peer:latest`, "."] };
      return {
        measure: async (side) => {
          await world.clear();
          world.directory("cache");
          return { peak: world.peak(side, twins[side], ...words[side]) };
        },
      };
    },
    ...more,
  });

export const memory = [
  ofNoop(10, { limits: { peak: 120 } }),
  ofBuild(20_000),
  ofBuild(100_000, { limits: { peak: 300 }, large: true }),
];
