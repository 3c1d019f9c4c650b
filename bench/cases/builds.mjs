import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { changeOneFile, makeTree, writeNoise } from "../tree.mjs";

/** @typedef {import("../cases.mjs").Case} Case */
/** @typedef {import("../world.mjs").World} World */
/** @typedef {import("../world.mjs").Side} Side */

const SIDES = /** @type {Side[]} */ (["dock", "peer"]);
const DOCKERFILE = "FROM busybox:latest\nCOPY src /src\nRUN ls /src > /list\n";

/** A project of one image for each side, with the files of `fill` in `src`. @param {World} world @param {string} name @param {(src: string) => void} fill */
function imageProjects(world, name, fill) {
  const twins = world.twins(name, {
    Dockerfile: DOCKERFILE,
    "dock.yaml": `name: bench-${name}\nimages:\n  app: { context: ., tags: ["bench-${name}-dock:latest"] }\n`,
    ".dockerignore": "dock.yaml\n",
  });
  for (const side of SIDES) fill(world.directory(`${name}/${side}/src`));
  const build = (/** @type {Side} */ side) =>
    side === "dock"
      ? world.dock(twins.dock, "build")
      : world.buildx(twins.peer, "build", "--tag", `bench-${name}-peer:latest`, ".");
  return { twins, build, src: (/** @type {Side} */ side) => join(twins[side], "src") };
}

const unchanged = (/** @type {number} */ size, /** @type {Partial<Case>} */ more = {}) =>
  /** @type {Case} */ ({
    name: `unchanged-${size}`,
    title: `\`build\` with nothing changed, ${size.toLocaleString("en")} files`,
    peer: "docker buildx",
    targets: {},
    family: "unchanged build",
    size,
    prepare: async (world) => {
      const { build } = imageProjects(world, `unchanged${size}`, (src) => makeTree(src, size));
      for (const side of SIDES) build(side);
      return { measure: async (side) => ({ time: build(side) }) };
    },
    ...more,
  });

const oneChanged = (/** @type {number} */ size, /** @type {Partial<Case>} */ more = {}) =>
  /** @type {Case} */ ({
    name: `one-changed-${size}`,
    title: `\`build\` after one file of ${size.toLocaleString("en")} was changed`,
    peer: "docker buildx",
    targets: {},
    prepare: async (world) => {
      const { build, src } = imageProjects(world, `changed${size}`, (root) => makeTree(root, size));
      for (const side of SIDES) build(side);
      return {
        measure: async (side, round) => {
          changeOneFile(src(side), `round ${round} of ${side}\n`);
          return { time: build(side) };
        },
      };
    },
    ...more,
  });

const cold = (/** @type {number} */ size) =>
  /** @type {Case} */ ({
    name: `cold-build-${size}`,
    title: `\`build\` of ${size.toLocaleString("en")} files with nothing cached`,
    peer: "docker buildx",
    targets: { time: 1 },
    skip: ({ isOwn }) => (isOwn ? undefined : "clears the builder's cache, so it needs an engine of its own"),
    prepare: async (world) => {
      const { build } = imageProjects(world, `coldbuild${size}`, (src) => makeTree(src, size));
      return {
        measure: async (side) => {
          await world.clear();
          return { time: build(side) };
        },
      };
    },
  });

/** @type {Case} */
const transfer = {
  name: "transfer-256",
  title: "`build` that sends 256 MB of new files",
  peer: "docker buildx",
  targets: {},
  prepare: async (world) => {
    const { build, src, twins } = imageProjects(world, "transfer", () => {});
    for (const side of SIDES) writeFileSync(join(twins[side], "Dockerfile"), "FROM scratch\nCOPY src /src\n");
    return {
      measure: async (side) => {
        writeNoise(src(side), { files: 4, megabytes: 64 });
        return { time: build(side) };
      },
    };
  },
};

export const builds = [
  unchanged(100),
  unchanged(2000, { targets: { time: 1 } }),
  unchanged(20_000, { targets: { time: 0.35 } }),
  unchanged(100_000, { targets: { time: 0.35 }, large: true }),
  oneChanged(2000, { targets: { time: 1 } }),
  oneChanged(20_000, { targets: { time: 0.95 } }),
  cold(2000),
  cold(20_000),
  transfer,
];
