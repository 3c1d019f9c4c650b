import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** @typedef {import("../cases.mjs").Case} Case */
/** @typedef {import("../world.mjs").Side} Side */

const BUILT = '    build: { context: . }\n    command: [sleep, "1000000"]\n    init: true\n';
const FILES = {
  Dockerfile: "FROM busybox:latest\nCOPY src /app/src\n",
  // What the rule ignores is no input of the image either.
  ".dockerignore": "**/*.log\n",
  "dock.yaml": `name: bench-watch-dock
services:
  app:
${BUILT}    dev:
      watch:
        - { path: ./src, action: sync, target: /app/src, ignore: ["*.log"] }
`,
  "compose.yaml": `name: bench-watch-peer
services:
  app:
${BUILT}    develop:
      watch:
        - { path: ./src, action: sync, target: /app/src, ignore: ["*.log"] }
`,
};

/** How long (ms) a watcher may take until it acts for the first time, and between the reading of the file in the container. */
const PATIENCE = 60_000;
const EVERY = 2;

/** Milliseconds between writes of a file that a rule ignores. */
const CHURN_EVERY = 100;
/** How long (ms) a save may take under churn until it counts as not acted on: one that waits for quiet never comes. */
const CHURN_PATIENCE = 10_000;

/** While a watcher replaces a file there may be none. */
function textOf(/** @type {string} */ path) {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** @param {{ name: string, title: string, churn: boolean }} of @returns {Case} */
const latency = ({ name, title, churn }) => ({
  name,
  title,
  peer: "docker compose watch",
  targets: churn ? {} : { time: 0.25 },
  limits: { time: churn ? 1000 : 100 },
  ...(churn ? {} : { slowest: { time: 160 }, pairs: 20 }),
  skip: (world) =>
    process.getuid?.() !== 0 || !world.host.startsWith("unix:") ? "needs root and a local engine" : undefined,
  prepare: async (world) => {
    const twins = world.twins("watch", FILES);
    const words = {
      dock: [world.program, "watch", "--plain"],
      peer: [world.peers.docker, "compose", "watch", "--no-up"],
    };
    /** @type {Record<string, string>} */
    const inside = {};
    const watchers = [];
    for (const side of /** @type {Side[]} */ (["dock", "peer"])) {
      world.directory(`watch/${side}/src`);
      writeFileSync(join(twins[side], "src/page.txt"), "first\n");
      world.run(side, twins[side], "up", "-d");
      const { State } = await world.ask(`/containers/bench-watch-${side}-app-1/json`);
      // The engine's own ways to read a file in a container take longer than what is measured.
      inside[side] = `/proc/${State.Pid}/root/app/src/page.txt`;
      const [file = "", ...args] = words[side];
      watchers.push(spawn(file, args, { cwd: twins[side], env: world.env, stdio: "ignore" }));
    }
    const saveAndWait = async (
      /** @type {Side} */ side,
      /** @type {string} */ text,
      /** @type {number} */ patience,
    ) => {
      const start = performance.now();
      writeFileSync(join(twins[side], "src/page.txt"), text);
      while (performance.now() - start < patience) {
        if (textOf(inside[side] ?? "") === text) return performance.now() - start;
        await delay(EVERY);
      }
      return undefined;
    };
    for (const side of /** @type {Side[]} */ (["dock", "peer"])) {
      const until = Date.now() + PATIENCE;
      while ((await saveAndWait(side, `is ${side} watching at ${Date.now()}?\n`, 2_000)) === undefined) {
        if (Date.now() > until) throw new Error(`${words[side].join(" ")} does not act on a saved file`);
      }
    }
    return {
      measure: async (side, round) => {
        const noise =
          churn &&
          setInterval(() => writeFileSync(join(twins[side], "src/noise.log"), `${performance.now()}`), CHURN_EVERY);
        try {
          if (churn) await delay(5 * CHURN_EVERY);
          const time = await saveAndWait(side, `round ${round}\n`, churn ? CHURN_PATIENCE : PATIENCE);
          if (time !== undefined) return { time };
          if (!churn) throw new Error(`${side} missed round ${round}`);
          return { time: CHURN_PATIENCE };
        } finally {
          clearInterval(noise || undefined);
          // Quiet again: the next save is to be the first of its batch.
          await delay(1_000);
        }
      },
      clear: async () => {
        for (const watcher of watchers) {
          const ended = new Promise((resolve) => watcher.once("exit", resolve));
          if (watcher.exitCode === null) watcher.kill("SIGINT");
          await ended;
        }
        for (const side of /** @type {Side[]} */ (["dock", "peer"])) world.run(side, twins[side], "down");
      },
    };
  },
});

export const watching = [
  latency({
    name: "watch-sync",
    title: "from saving a file to its content in the container, `watch` with a rule to sync",
    churn: false,
  }),
  latency({
    name: "watch-churn",
    title: "the same while a file that the rule ignores is written every 100 ms (10 s: not within 10 s)",
    churn: true,
  }),
];
