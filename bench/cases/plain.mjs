import { manyServices, projectFiles } from "../project.mjs";

/** @typedef {import("../cases.mjs").Case} Case */
/** @typedef {import("../world.mjs").World} World */

/** How many calls dock has under way at once unless told otherwise. */
const AT_ONCE = 16;

/** Does some work for each number below `count`, so many at once. @param {number} count @param {(index: number) => Promise<void>} work */
async function each(count, work) {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** What dock asks of the engine for a project of `count` services, and nothing else. @param {World} world @param {string} name @param {number} count */
function plainCalls(world, name, count) {
  const post = (/** @type {string} */ path) => world.ask(path, { method: "POST" });
  const create = (/** @type {string} */ path, /** @type {object} */ body) =>
    world.ask(path, { method: "POST", body: JSON.stringify(body) });
  const remove = (/** @type {string} */ path) => world.ask(path, { method: "DELETE" });
  const container = (/** @type {number} */ index) => `${name}-service${index}-1`;
  const network = `${name}_default`;
  return {
    up: async () => {
      const labels = { "bench.plain": "yes" };
      await create("/networks/create", { Name: network, CheckDuplicate: true, Labels: labels });
      await each(count, async (index) => {
        await create(`/containers/create?name=${container(index)}`, {
          Image: "busybox:latest",
          Cmd: ["sleep", "1000000"],
          Env: ["MODE=production", "LEVEL=3"],
          Labels: labels,
          HostConfig: { Init: true, NetworkMode: network },
          NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: [`service${index}`] } } },
        });
        await post(`/containers/${container(index)}/start`);
      });
    },
    down: async () => {
      await each(count, async (index) => {
        await post(`/containers/${container(index)}/stop?t=10`);
        await remove(`/containers/${container(index)}?force=true`);
      });
      await remove(`/networks/${network}`);
    },
  };
}

async function timed(/** @type {() => Promise<void>} */ work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const plain = (/** @type {number} */ count, /** @type {Partial<Case>} */ more) =>
  /** @type {Case} */ ({
    name: `plain-${count}`,
    title: `cold \`up -d\` and \`down\` of ${count} services against the same calls without dock`,
    peer: "plain calls of the API",
    targets: {},
    prepare: async (world) => {
      const files = projectFiles({ name: `plain${count}`, services: manyServices(count) });
      const { dock } = world.twins(`plain${count}`, files);
      const calls = plainCalls(world, `bench-plain${count}-peer`, count);
      return {
        measure: async (side) =>
          side === "dock"
            ? { up: world.dock(dock, "up", "-d"), down: world.dock(dock, "down") }
            : { up: await timed(calls.up), down: await timed(calls.down) },
      };
    },
    ...more,
  });

export const plainCases = [plain(50, { targets: { up: 1.15, down: 1.15 } })];
