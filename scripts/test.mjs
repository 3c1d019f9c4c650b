// `npm test`: everything that guards the project. `npm test -- checks|unit|long|faults|e2e` runs a part of it.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { ensureBaseImages } from "./base-images.mjs";
import { canStartPrivateEngines, ensureEngine, findEngine, insideNetwork, startPrivateEngine } from "./engine.mjs";
import { runMain, say, Stop } from "./engine/say.mjs";
import { serveSwitch } from "./engine/switch.mjs";
import { ensureBrowser } from "./setup/browser.mjs";
import { ensureBuild, ensureDependencies, ROOT, runProgram } from "./setup/dependencies.mjs";

/** Static checks: name and command. @type {readonly (readonly [string, string, readonly string[]])[]} */
const CHECKS = [
  ["types", "tsc", ["--noEmit", "-p", "."]],
  ["lint", "oxlint", ["--type-aware", "--deny-warnings"]],
  ["format", "oxfmt", ["--check"]],
  ["dead code", "knip", []],
  ["generated files", process.execPath, ["scripts/generate.mjs", "--check"]],
];

/**
 * What runs on engines of the suite's own; without files it is everything. On the older one it is what differs between
 * engines, not the walk-through.
 *
 * @type {readonly (readonly ["28" | "20", { minutes: number, files: readonly string[] }])[]}
 */
const PRIVATE_RUNS = [
  ["28", { minutes: 25, files: [] }],
  [
    "20",
    {
      minutes: 12,
      files: [
        "test/e2e/conformance",
        "test/e2e/buildkit",
        ...["build", "build-features", "up", "volumes", "readiness", "replace"].map(
          (file) => `test/e2e/core/${file}.test`,
        ),
      ],
    },
  ],
];

/** The images that the walk-through starts from. */
const WALK_THROUGH_IMAGES = ["ubuntu:latest", "node:lts"];

/** @typedef {{ passed: number, failed: number, skipped: number }} Tally */
/** @type {Tally} */
const tally = { passed: 0, failed: 0, skipped: 0 };

/** What failed, a line each: said again at the end, since of a long log often only the end is kept. @type {string[]} */
const failures = [];

/** Set when this run was told to end: what runs is ended, nothing further is started, every engine is given back. */
const told = new AbortController();

async function main() {
  for (const [name, exitCode] of /** @type {const} */ ([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ])) {
    process.on(name, () => {
      if (told.signal.aborted) process.exit(exitCode);
      told.abort(new Stop(`ended by ${name}`, { exitCode }));
    });
  }
  const part = process.argv[2] ?? "all";
  if (!["all", "checks", "unit", "long", "faults", "e2e"].includes(part))
    throw new Stop(`there is no part "${part}": use checks, unit, long, faults or e2e`, { exitCode: 2 });
  const start = performance.now();
  try {
    await ensureDependencies();
    if (part === "all" || part === "checks") await checks();
    if (part === "all" || part === "unit") await vitest("unit tests", { project: "unit", minutes: 5 });
    if (part === "all" || part === "long") await vitest("properties and fuzzing", { project: "long", minutes: 8 });
    if (part === "all" || part === "faults") await faults();
    if (part === "all" || part === "e2e") await endToEnd();
  } catch (error) {
    told.signal.throwIfAborted();
    brokeOff(error);
  }
  say(`\ntook ${((performance.now() - start) / 1000).toFixed(0)} s`);
  for (const failure of failures) say(`failed: ${failure}`);
  const skipped = tally.skipped > 0 ? `, ${tally.skipped} skipped` : "";
  process.stdout.write(`${tally.passed} passed, ${tally.failed} failed${skipped}\n`);
  return tally.failed === 0 && tally.passed > 0 ? 0 : 1;
}

/** What could not be set up counts as one failure, and its reason is on the screen. @param {unknown} error */
function brokeOff(error) {
  if (!(error instanceof Stop)) throw error;
  say(error.message);
  failed(error.message);
}

function failed(/** @type {string} */ what) {
  tally.failed += 1;
  failures.push(what);
}

/** Faults at requests of dock as it is released, on an engine in memory. */
async function faults() {
  await ensureBuild();
  await vitest("faults at every step", { project: "faults", minutes: 8 });
}

async function checks() {
  for (const [name, program, args] of CHECKS) {
    told.signal.throwIfAborted();
    say(`\n== ${name}`);
    const path = program === process.execPath ? program : join(ROOT, "node_modules/.bin", program);
    if ((await runProgram(path, args, { minutes: 5 })) === 0) tally.passed += 1;
    else failed(name);
  }
}

/** The whole suite on Engine 28 and a shorter one on the distribution's 20.10, each an engine of its own where that can be. */
async function endToEnd() {
  await ensureBuild();
  const can = await canStartPrivateEngines();
  if (!can.ok) {
    say(`\nno engines of the suite's own here (${can.reason}): the end-to-end tests use the engine at hand`);
    const { host } = await ensureEngine();
    await prepare(host, "whole");
    await vitest("end-to-end tests on the engine at hand", { project: "e2e", minutes: 25, env: { DOCKER_HOST: host } });
    return;
  }
  for (const [version, suite] of PRIVATE_RUNS) {
    told.signal.throwIfAborted();
    try {
      await onPrivateEngine(version, suite);
    } catch (error) {
      told.signal.throwIfAborted();
      brokeOff(error);
    }
  }
}

/**
 * Gives an engine what the suite needs. What only the walk-through needs may be out of reach: its tests say so then, and
 * the others go on.
 *
 * @param {string} host @param {"whole" | "short"} suite
 */
async function prepare(host, suite) {
  await ensureBaseImages(["busybox:latest"], { host });
  if (suite === "short") return;
  for (const need of [() => ensureBrowser(), () => ensureBaseImages(WALK_THROUGH_IMAGES, { host })]) {
    told.signal.throwIfAborted();
    try {
      await need();
    } catch (error) {
      if (!(error instanceof Stop)) throw error;
      say(`${error.message}\nwithout it tests of the walk-through will fail`);
    }
  }
}

/** @param {"28" | "20"} version @param {{ minutes: number, files: readonly string[] }} suite */
async function onPrivateEngine(version, { minutes, files }) {
  const atHand = await engineAtHand();
  const engine = await startPrivateEngine({ version, name: "test" });
  try {
    say(`\nDocker Engine ${engine.version} for the end-to-end tests, in a network namespace of its own`);
    await prepare(engine.host, files.length === 0 ? "whole" : "short");
    await vitest(`end-to-end tests on ${engine.version}`, {
      project: "e2e",
      minutes,
      files,
      env: {
        DOCKER_HOST: engine.host,
        DOCKER_CONTEXT: undefined,
        DOCK_TEST_ENGINE_AT_HAND: atHand,
        DOCK_TEST_HOST_NETWORK: `/proc/${process.pid}/ns/net`,
      },
      netns: engine.netns,
    });
    if (version === "28") await crashed(engine);
  } finally {
    await engine.stop();
  }
}

/** The tests that crash their engine: after all others on it. @param {import("./engine/private-engine.mjs").PrivateEngine} engine */
async function crashed(engine) {
  const folder = await mkdtemp(join(tmpdir(), "dock-switch-"));
  const socket = join(folder, "switch.sock");
  const offSwitch = await serveSwitch(engine, socket);
  try {
    await vitest(`an engine that crashes, ${engine.version}`, {
      project: "trouble",
      minutes: 5,
      files: ["test/e2e/trouble/engine-crash"],
      env: { DOCKER_HOST: engine.host, DOCKER_CONTEXT: undefined, DOCK_TEST_ENGINE_SWITCH: socket },
      netns: engine.netns,
    });
  } finally {
    await offSwitch.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Address of an engine that these tests must leave in peace; empty where there is none. */
async function engineAtHand() {
  try {
    return (await findEngine())?.host ?? "";
  } catch (error) {
    if (error instanceof Stop) return "";
    throw error;
  }
}

/** @param {string} name @param {{ project: string, minutes: number, files?: readonly string[], env?: Record<string, string | undefined>, netns?: string }} run */
async function vitest(name, { project, minutes, files = [], env = {}, netns }) {
  told.signal.throwIfAborted();
  say(`\n== ${name}`);
  const folder = await mkdtemp(join(tmpdir(), "dock-test-"));
  const report = join(folder, "report.json");
  try {
    const argv = [
      process.execPath,
      join(ROOT, "node_modules/vitest/vitest.mjs"),
      "run",
      "--project",
      project,
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
      // Unit tests wait more than they reckon.
      ...(project === "unit" ? ["--maxWorkers", "4"] : []),
      ...files,
    ];
    const [program = "", ...args] = netns === undefined ? argv : insideNetwork(netns, argv);
    const code = await runProgram(program, args, { minutes, env });
    const before = tally.failed;
    await add(name, report);
    // A run that broke off counts as a failure even where every test that ended had passed.
    if (code !== 0 && tally.failed === before) failed(`${name}: ended with code ${code}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @param {string} name @param {string} report */
async function add(name, report) {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(await readFile(report, "utf8"));
    for (const file of testResults) {
      for (const { status, fullName, failureMessages } of file.assertionResults)
        if (status === "failed") failures.push(`${name}: ${fullName}\n${indented(failureMessages.join("\n"))}`);
    }
    tally.passed += numPassedTests;
    tally.failed += numFailedTests;
    tally.skipped += numPendingTests;
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
}

/** The first lines of a failure; the whole of it stands where it happened. */
function indented(/** @type {string} */ text) {
  const lines = stripVTControlCharacters(text).split("\n").slice(0, 12);
  return lines.map((line) => `    ${line}`).join("\n");
}

await runMain(main);
