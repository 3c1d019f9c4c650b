import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { manyServices, projectFiles } from "../project.mjs";

/** @typedef {import("../cases.mjs").Case} Case */

const INDEPENDENT = 5;

const beside = (/** @type {number} */ seconds, /** @type {Partial<Case>} */ more = {}) =>
  /** @type {Case} */ ({
    name: `beside-build-${seconds}`,
    title: `cold \`up -d\` of ${INDEPENDENT} services beside one whose image takes ${seconds} s to build: until the ${INDEPENDENT} run, and until all is done`,
    peer: "docker compose",
    targets: {},
    prepare: async (world) => {
      const slow = ["build: { context: . }", 'command: ["sleep", "1000000"]', "init: true"];
      const files = projectFiles({ name: `beside${seconds}`, services: { ...manyServices(INDEPENDENT), slow } });
      const twins = world.twins(`beside${seconds}`, files);
      return {
        measure: async (side, round) => {
          const text = `FROM busybox:latest\nRUN echo ${side} ${round} && sleep ${seconds}\n`;
          writeFileSync(join(twins[side], "Dockerfile"), text);
          const start = Date.now();
          // Compose takes an image that is there for the right one unless it is told to build.
          const build = side === "peer" ? ["--build"] : [];
          const all = world.run(side, twins[side], "up", "-d", ...build);
          const started = [];
          for (let index = 0; index < INDEPENDENT; index += 1) {
            const { State } = await world.ask(`/containers/bench-beside${seconds}-${side}-service${index}-1/json`);
            started.push(Date.parse(State.StartedAt) - start);
          }
          world.run(side, twins[side], "down");
          return { serving: Math.max(...started), all };
        },
      };
    },
    ...more,
  });

export const besideBuilds = [beside(3), beside(20, { targets: { serving: 0.15 }, large: true })];
