// `npm run test:faults`: the fault tests in full, on fake engines and on real ones of their own; prints figures as JSON.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ensureBaseImages } from "./base-images.mjs";
import { canStartPrivateEngines, insideNetwork, startPrivateEngine } from "./engine.mjs";
import { serveSwitch } from "./engine/switch.mjs";
import { runMain, say, Stop } from "./engine/say.mjs";
import { ensureBuild, ensureDependencies, ROOT, runProgram } from "./setup/dependencies.mjs";

const USAGE = `usage: npm run test:faults -- [fake] [28] [20] [--only TEXT] [--replay FIELD/SCENARIO/BLOW@N] [--json FILE]
  fake, 28, 20   the engines to strike; all of them unless some are named
  --only TEXT    only tests with this text in their name
  --replay …     one strike again, as a failure names it
  --json FILE    also write the figures to a file`;

/** Minutes that the tests on one engine may take. */
const MINUTES = 180;

const ENGINES = /** @type {const} */ (["fake", "28", "20"]);

async function main() {
  const asked = readArguments(process.argv.slice(2));
  await ensureDependencies();
  await ensureBuild();
  const folder = await mkdtemp(join(tmpdir(), "dock-faults-"));
  try {
    const figures = join(folder, "figures.jsonl");
    let failed = 0;
    for (const engine of asked.engines) failed += (await on(engine, { ...asked, figures })) === 0 ? 0 : 1;
    const lines = (await readFile(figures, "utf8").catch(() => "")).split("\n").filter((line) => line !== "");
    const report = { ok: failed === 0 && lines.length > 0, figures: lines.map((line) => JSON.parse(line)) };
    const text = `${JSON.stringify(report, withoutTexts, 2)}\n`;
    process.stdout.write(text);
    if (asked.json !== undefined) await writeFile(asked.json, text);
    return report.ok ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Failures are told at length by the tests; here they are counted. */
function withoutTexts(/** @type {string} */ key, /** @type {unknown} */ value) {
  return key === "failures" && Array.isArray(value) ? value.length : value;
}

/** @param {readonly string[]} args */
function readArguments(args) {
  /** @type {{ engines: ("fake" | "28" | "20")[], only?: string, replay?: string, json?: string }} */
  const asked = { engines: [] };
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const engine = ENGINES.find((each) => each === word);
    if (engine !== undefined) asked.engines.push(engine);
    else if (["--only", "--replay", "--json"].includes(word) && rest.length > 0) asked[word.slice(2)] = rest.shift();
    else throw new Stop(USAGE, { exitCode: 2 });
  }
  const field = asked.replay?.split("/")[0];
  if (field !== undefined) asked.engines = [ENGINES.find((each) => each === field) ?? "fake"];
  return asked.engines.length > 0 ? asked : { ...asked, engines: [...ENGINES] };
}

/**
 * Runs the tests on an engine. @param {"fake" | "28" | "20"} name
 * @param {{ only?: string, replay?: string, figures: string }} what
 */
async function on(name, { only, replay, figures }) {
  const filter = replay === undefined ? only : `: ${replay.split("/")[1]}$`;
  const env = {
    DOCK_FAULTS: "whole",
    DOCK_FAULTS_REPORT: figures,
    DOCK_FAULTS_REPLAY: replay,
    DOCK_FAULTS_ENGINE: undefined,
  };
  if (name === "fake") return vitest(env, { filter });
  const can = await canStartPrivateEngines();
  if (!can.ok) throw new Stop(`no engine ${name} of its own here: ${can.reason}`, { exitCode: 3 });
  const engine = await startPrivateEngine({ version: name, name: "faults" });
  try {
    say(`\nDocker Engine ${engine.version} in a network namespace of its own`);
    await ensureBaseImages(["busybox:latest"], { host: engine.host });
    const struck = await vitest({ ...env, DOCK_FAULTS_ENGINE: `${name}=${engine.host}` }, { filter, on: engine });
    const lost = replay === undefined ? await crashed(engine, { env, filter, folder: dirname(figures) }) : 0;
    return struck === 0 ? lost : struck;
  } finally {
    await engine.stop();
  }
}

/**
 * The tests that crash the engine. @param {import("./engine/private-engine.mjs").PrivateEngine} engine
 * @param {{ env: Record<string, string | undefined>, filter: string | undefined, folder: string }} how
 */
async function crashed(engine, { env, filter, folder }) {
  const socket = join(folder, "switch.sock");
  const offSwitch = await serveSwitch(engine, socket);
  try {
    const own = { DOCKER_HOST: engine.host, DOCKER_CONTEXT: undefined, DOCK_TEST_ENGINE_SWITCH: socket };
    return await vitest({ ...env, ...own }, { filter, on: engine, project: "trouble" });
  } finally {
    await offSwitch.close();
  }
}

/**
 * @param {Record<string, string | undefined>} env
 * @param {{ filter: string | undefined, on?: { netns: string }, project?: string }} how
 */
async function vitest(env, { filter, on: engine, project = "faults" }) {
  const netns = engine?.netns;
  const tests = [process.execPath, join(ROOT, "node_modules/vitest/vitest.mjs"), "run", "--project", project];
  if (filter !== undefined) tests.push("--passWithNoTests");
  const argv = [...tests, ...(filter === undefined ? [] : ["-t", filter])];
  const [program = "", ...args] = netns === undefined ? argv : insideNetwork(netns, argv);
  return runProgram(program, args, { minutes: MINUTES, env });
}

await runMain(main);
