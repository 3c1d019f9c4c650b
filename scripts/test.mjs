// `npm test`: everything that guards the project. `npm test -- unit|checks|e2e` runs a part of it.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBaseImages } from "./base-images.mjs";
import { canStartPrivateEngines, ensureEngine, insideNetwork, startPrivateEngine } from "./engine.mjs";
import { runMain, say, Stop } from "./engine/say.mjs";
import { ensureBuild, ensureDependencies, ROOT, runProgram } from "./setup/dependencies.mjs";

/** Static checks: name and command. @type {readonly (readonly [string, string, readonly string[]])[]} */
const CHECKS = [
  ["types", "tsc", ["--noEmit", "-p", "."]],
  ["lint", "oxlint", ["--type-aware", "--deny-warnings"]],
  ["format", "oxfmt", ["--check"]],
  ["dead code", "knip", []],
  ["generated files", process.execPath, ["scripts/generate.mjs", "--check"]],
];

/** What runs on the older engine: what differs between engines, not the walk-through. */
const SHORT_SUITE = ["test/e2e/conformance", "test/e2e/core", "test/e2e/buildkit"];

const BASE_IMAGES = ["busybox:latest", "ubuntu:latest", "node:lts"];

/** @typedef {{ passed: number, failed: number, skipped: number }} Tally */
/** @type {Tally} */
const tally = { passed: 0, failed: 0, skipped: 0 };

async function main() {
  const part = process.argv[2] ?? "all";
  if (!["all", "checks", "unit", "e2e"].includes(part))
    throw new Stop(`there is no part "${part}": use checks, unit or e2e`, { exitCode: 2 });
  const start = performance.now();
  await ensureDependencies();
  if (part === "all" || part === "checks") await checks();
  if (part === "all" || part === "unit") await vitest("unit tests", { project: "unit", minutes: 5 });
  if (part === "all" || part === "e2e") await endToEnd();
  say(`\ntook ${((performance.now() - start) / 1000).toFixed(0)} s`);
  process.stdout.write(
    `${tally.passed} passed, ${tally.failed} failed${tally.skipped > 0 ? `, ${tally.skipped} skipped` : ""}\n`,
  );
  return tally.failed === 0 && tally.passed > 0 ? 0 : 1;
}

async function checks() {
  for (const [name, program, args] of CHECKS) {
    say(`\n== ${name}`);
    const path = program === process.execPath ? program : join(ROOT, "node_modules/.bin", program);
    count((await runProgram(path, args, { minutes: 5 })) === 0);
  }
}

function count(/** @type {boolean} */ ok) {
  if (ok) tally.passed += 1;
  else tally.failed += 1;
}

/** The whole suite on Engine 28 and a shorter one on the distribution's 20.10, each an engine of its own where that can be. */
async function endToEnd() {
  await ensureBuild();
  const can = await canStartPrivateEngines();
  if (!can.ok) {
    say(`\nno engines of the suite's own here (${can.reason}): the end-to-end tests use the engine at hand`);
    const { host } = await ensureEngine();
    await ensureBaseImages(BASE_IMAGES, { host });
    await vitest("end-to-end tests on the engine at hand", { project: "e2e", minutes: 15, env: { DOCKER_HOST: host } });
    return;
  }
  await onPrivateEngine("28", { minutes: 15, files: [] });
  await onPrivateEngine("20", { minutes: 6, files: SHORT_SUITE });
}

/** @param {"28" | "20"} version @param {{ minutes: number, files: readonly string[] }} suite */
async function onPrivateEngine(version, { minutes, files }) {
  const engine = await startPrivateEngine({ version, name: "test" });
  try {
    say(`\nDocker Engine ${engine.version} for the end-to-end tests, in a network namespace of its own`);
    await ensureBaseImages(files.length === 0 ? BASE_IMAGES : ["busybox:latest"], { host: engine.host });
    await vitest(`end-to-end tests on ${engine.version}`, {
      project: "e2e",
      minutes,
      files,
      env: { DOCKER_HOST: engine.host, DOCKER_CONTEXT: undefined },
      netns: engine.netns,
    });
  } finally {
    await engine.stop();
  }
}

/** @param {string} name @param {{ project: string, minutes: number, files?: readonly string[], env?: Record<string, string | undefined>, netns?: string }} run */
async function vitest(name, { project, minutes, files = [], env = {}, netns }) {
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
      ...files,
    ];
    const [program = "", ...args] = netns === undefined ? argv : insideNetwork(netns, argv);
    const code = await runProgram(program, args, { minutes, env });
    const before = tally.failed;
    await add(report);
    // A run that broke off counts as a failure even where every test that ended had passed.
    if (code !== 0 && tally.failed === before) tally.failed += 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function add(/** @type {string} */ report) {
  try {
    const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(await readFile(report, "utf8"));
    tally.passed += numPassedTests;
    tally.failed += numFailedTests;
    tally.skipped += numPendingTests;
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
}

await runMain(main);
