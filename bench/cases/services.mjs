import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { healthyChain, manyServices, projectFiles } from "../project.mjs";

/** @typedef {import("../cases.mjs").Case} Case */
/** @typedef {import("../world.mjs").World} World */
/** @typedef {import("../world.mjs").Side} Side */

/** Both sides' projects, brought up; `clear` takes them down. @param {World} world @param {{ name: string, services: Record<string, readonly string[]> }} project */
async function running(world, project) {
  const twins = world.twins(project.name, projectFiles(project));
  for (const side of /** @type {Side[]} */ (["dock", "peer"])) world.run(side, twins[side], "up", "-d");
  return {
    twins,
    clear: async () => {
      for (const side of /** @type {Side[]} */ (["dock", "peer"])) world.run(side, twins[side], "down");
    },
  };
}

const noop = (/** @type {number} */ size, /** @type {Partial<Case>} */ more = {}) =>
  /** @type {Case} */ ({
    name: `noop-${size}`,
    title: `\`up -d\` with nothing to do, ${size} service${size === 1 ? "" : "s"}`,
    peer: "docker compose",
    targets: {},
    family: "noop",
    size,
    prepare: async (world) => {
      const { twins, clear } = await running(world, { name: `noop${size}`, services: manyServices(size) });
      return { measure: async (side) => ({ time: world.run(side, twins[side], "up", "-d") }), clear };
    },
    ...more,
  });

/** @type {Case} */
const noopChain = {
  name: "noop-chain",
  title: "`up -d` with nothing to do, a chain of 5 healthy services",
  peer: "docker compose",
  targets: { time: 0.1 },
  prepare: async (world) => {
    const { twins, clear } = await running(world, { name: "noopchain", services: healthyChain(5) });
    return { measure: async (side) => ({ time: world.run(side, twins[side], "up", "-d") }), clear };
  },
};

/** @type {Case} */
const ps = {
  name: "ps",
  title: "`ps`, 10 services",
  peer: "docker compose",
  targets: { time: 0.85 },
  prepare: async (world) => {
    const { twins, clear } = await running(world, { name: "ps", services: manyServices(10) });
    return { measure: async (side) => ({ time: world.run(side, twins[side], "ps") }), clear };
  },
};

const coldUp = (/** @type {number} */ size, /** @type {Partial<Case>} */ more = {}) =>
  /** @type {Case} */ ({
    name: `cold-${size}`,
    title: `cold \`up -d\` and \`down\`, ${size} service${size === 1 ? "" : "s"}`,
    peer: "docker compose",
    targets: {},
    family: "cold",
    size,
    prepare: async (world) => {
      const twins = world.twins(`cold${size}`, projectFiles({ name: `cold${size}`, services: manyServices(size) }));
      return {
        measure: async (side) => ({
          up: world.run(side, twins[side], "up", "-d"),
          down: world.run(side, twins[side], "down"),
        }),
      };
    },
    ...more,
  });

/** @type {Case} */
const coldChain = {
  name: "cold-chain",
  title: "cold `up -d`, a chain of 5 healthy services with an interval of 1 s",
  peer: "docker compose",
  targets: { up: 0.85 },
  prepare: async (world) => {
    const twins = world.twins("coldchain", projectFiles({ name: "coldchain", services: healthyChain(5) }));
    return {
      measure: async (side) => {
        const up = world.run(side, twins[side], "up", "-d");
        world.run(side, twins[side], "down");
        return { up };
      },
    };
  },
};

/** @type {Case} */
const replaceOne = {
  name: "replace-one",
  title: "`up -d` after one of 50 services was changed",
  peer: "docker compose",
  targets: {},
  prepare: async (world) => {
    const services = manyServices(50);
    const { twins, clear } = await running(world, { name: "replace", services });
    return {
      measure: async (side, round) => {
        const changed = { ...services, service7: [...(services["service7"] ?? []), `labels: { round: "${round}" }`] };
        const files = projectFiles({ name: "replace", services: changed });
        for (const [file, text] of Object.entries(files)) writeFileSync(join(twins[side], file), text);
        return { time: world.run(side, twins[side], "up", "-d") };
      },
      clear,
    };
  },
};

export const services = [
  noop(1),
  noop(10, { targets: { time: 0.85 } }),
  noop(50),
  noop(500, { targets: { time: 0.6 }, large: true }),
  noopChain,
  ps,
  coldUp(1),
  coldUp(10),
  coldUp(50, { targets: { up: 1, down: 1 } }),
  coldChain,
  replaceOne,
];
