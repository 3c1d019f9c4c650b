// `npm run test:builds`: everything that builds, on each kind of engine: both image stores of 28, and 20.10; then what
// happens when the engine's disk is full. Words after `--` choose: `npm run test:builds -- 28-c8d`.
import { join } from "node:path";
import { ensureBaseImages } from "./base-images.mjs";
import { canStartPrivateEngines, insideNetwork, startPrivateEngine } from "./engine.mjs";
import { runMain, say, Stop } from "./engine/say.mjs";
import { ensureBuild, ensureDependencies, ROOT, runProgram } from "./setup/dependencies.mjs";

const ENGINES = /** @type {const} */ (["28", "28-c8d", "20"]);

/** An engine whose data has no more room than this. */
const SMALL = "small";
const ROOM = "300m";

/** Beginnings of the files' names. */
const FILES = ["core/build", "core/catalogue-builds", "buildkit"].map((name) => `test/e2e/${name}`);

/** Minutes that the tests on one engine may take. */
const MINUTES = 15;

async function main() {
  const words = process.argv.slice(2);
  const all = [...ENGINES, SMALL];
  const unknown = words.find((word) => !all.includes(word));
  if (unknown !== undefined)
    throw new Stop(`no engine ${unknown}; usage: npm run test:builds -- [${all.join("] [")}]`, { exitCode: 2 });
  const isWanted = (/** @type {string} */ name) => words.length === 0 || words.includes(name);
  await ensureDependencies();
  await ensureBuild();
  const can = await canStartPrivateEngines();
  if (!can.ok) throw new Stop(`no engines of their own here: ${can.reason}`, { exitCode: 3 });
  /** @type {string[]} */
  const failed = [];
  const suite = ["--project", "e2e", ...FILES];
  for (const version of ENGINES) if (isWanted(version) && (await on({ version }, suite)) !== 0) failed.push(version);
  if (isWanted(SMALL) && (await on({ version: "28", room: ROOM }, ["--project", "room"])) !== 0) failed.push(SMALL);
  say(failed.length === 0 ? "\nall builds passed" : `\nfailed on ${failed.join(", ")}`);
  return failed.length === 0 ? 0 : 1;
}

/** @param {{ version: (typeof ENGINES)[number], room?: string }} kind @param {readonly string[]} tests */
async function on(kind, tests) {
  const engine = await startPrivateEngine({ ...kind, name: "builds" });
  try {
    say(`\nDocker Engine ${engine.version} (${kind.room ?? kind.version}) in a network namespace of its own`);
    await ensureBaseImages(["busybox:latest"], { host: engine.host });
    const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
    const argv = insideNetwork(engine.netns, [process.execPath, vitest, "run", ...tests]);
    const [program = "", ...args] = argv;
    return await runProgram(program, args, {
      minutes: MINUTES,
      env: { DOCKER_HOST: engine.host, DOCKER_CONTEXT: undefined },
    });
  } finally {
    await engine.stop();
  }
}

await runMain(main);
