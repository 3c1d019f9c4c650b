// `npm run soak [-- MINUTES]`: a watch under random edits, for twenty minutes unless told otherwise. Says what it takes of
// the processor while nothing happens, of memory, descriptors and inotify watches at the start and at the end, and fails
// where any of them grows, or where the containers' files are not those on the disk in the end.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ensureBaseImages } from "./base-images.mjs";
import { startPrivateEngine } from "./engine.mjs";
import { runMain, say, Stop } from "./engine/say.mjs";
import { ensureBuild, ROOT } from "./setup/dependencies.mjs";
import { measure } from "./soak/process-figures.mjs";
import { hostTree, randomEdits, writeProject } from "./soak/edits.mjs";

/** Seconds without edits in which the watch's own work is measured. */
const IDLE_SECONDS = 20;
/** Share of the time that passes before the first figures: caches and compilers settle in it. */
const WARM_UP = 0.15;
/** What may come on top of the first figures. */
const MEMORY_BYTES = 32 * 1024 * 1024;
const DESCRIPTORS = 4;

async function main() {
  const minutes = Number(process.argv[2] ?? 20);
  if (!(minutes > 0)) throw new Stop("usage: npm run soak [-- MINUTES]", { exitCode: 2 });
  await ensureBuild();
  const given = process.env["DOCKER_HOST"];
  const engine = given === undefined ? await startPrivateEngine({ version: "28", name: "soak" }) : undefined;
  const host = engine?.host ?? given ?? "";
  const directory = await mkdtemp(join(tmpdir(), "dock-soak-"));
  const project = `dock-soak-${process.pid}`;
  try {
    await ensureBaseImages(["busybox:latest"], { host });
    return await soak({ minutes, directory, project, host });
  } finally {
    await dock({ directory, project, host }, ["down", "--volumes", "--rmi"]);
    await rm(directory, { recursive: true, force: true });
    await engine?.stop();
  }
}

/** @param {{ minutes: number, directory: string, project: string, host: string }} of */
async function soak({ minutes, directory, project, host }) {
  writeProject(directory);
  const start = Date.now();
  const seconds = minutes * 60;
  const watch = spawn(process.execPath, [join(ROOT, "dist/dock.js"), "-p", project, "watch", "--json"], {
    cwd: directory,
    env: { ...process.env, DOCKER_HOST: host },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => watch.once("exit", resolve));
  /** @type {Record<string, number>} */
  const actions = {};
  let ready = false;
  let rest = "";
  watch.stdout.on("data", (/** @type {Buffer} */ chunk) => {
    const lines = (rest + chunk.toString()).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const event = JSON.parse(line);
      if (event.type === "watch-ready") ready = true;
      if (event.type !== "watch-action") continue;
      const name = event.ok ? event.action : `${event.action} failed`;
      actions[name] = (actions[name] ?? 0) + 1;
    }
  });
  while (!ready) {
    if (watch.exitCode !== null || Date.now() - start > 120_000) throw new Stop("the watch does not come up");
    await delay(100);
  }
  const edit = randomEdits(directory);
  const until = async (/** @type {number} */ time) => {
    while (Date.now() < time) {
      edit();
      await delay(200 + Math.random() * 1800);
    }
    edit("tidy");
  };
  const pid = watch.pid ?? 0;
  await until(start + seconds * WARM_UP * 1000);
  const first = await measure(pid, IDLE_SECONDS);
  say(row("start", first));
  await until(start + (seconds - IDLE_SECONDS) * 1000);
  const last = await measure(pid, IDLE_SECONDS);
  say(row("end", last));
  const same = await sameTrees({ directory, project, host });
  watch.kill("SIGINT");
  await ended;
  say(
    `actions: ${Object.entries(actions)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ")}`,
  );
  const faults = [
    ...(last.idlePercent >= 1
      ? [`it takes ${last.idlePercent.toFixed(2)} % of a processor while nothing happens`]
      : []),
    ...(last.memory > first.memory + MEMORY_BYTES ? ["its memory grows"] : []),
    ...(last.descriptors > first.descriptors + DESCRIPTORS ? ["its descriptors grow"] : []),
    ...(last.watches > first.watches ? ["its inotify watches grow"] : []),
    ...(same ? [] : ["the container's files are not those on the disk"]),
    ...(watch.exitCode === 0 ? [] : [`it ended with ${watch.exitCode}`]),
  ];
  for (const fault of faults) say(`FAILED: ${fault}`);
  if (faults.length === 0) say(`${minutes} minutes: nothing grows, and the container's files are those on the disk`);
  return faults.length === 0 ? 0 : 1;
}

/** @param {string} name @param {import("./soak/process-figures.mjs").Figures} figures */
function row(name, { idlePercent, memory, descriptors, watches }) {
  return `${name.padEnd(6)} processor idle ${idlePercent.toFixed(2)} %, memory ${(memory / 1e6).toFixed(0)} MB, ${descriptors} descriptors, ${watches} inotify watches`;
}

/** @param {{ directory: string, project: string, host: string }} of */
async function sameTrees(of) {
  const list = "cd /srv && find . -type f | sort | xargs -r sha256sum";
  const { stdout } = await dock(of, ["exec", "-T", "web", "sh", "-c", list]);
  const inside = stdout
    .trim()
    .split("\n")
    .map((line) => line.replace(/ +\.\//, " "));
  const outside = [...hostTree(join(of.directory, "site"))].map(
    ([path, content]) => `${createHash("sha256").update(content).digest("hex")} ${path}`,
  );
  return inside.toSorted().join("\n") === outside.toSorted().join("\n");
}

/** @param {{ directory: string, project: string, host: string }} of @param {readonly string[]} args */
async function dock({ directory, project, host }, args) {
  const child = spawn(process.execPath, [join(ROOT, "dist/dock.js"), "-p", project, ...args], {
    cwd: directory,
    env: { ...process.env, DOCKER_HOST: host },
    stdio: ["ignore", "pipe", "ignore"],
  });
  let stdout = "";
  child.stdout.on("data", (chunk) => (stdout += chunk));
  const code = await new Promise((resolve) => child.once("close", resolve));
  return { code, stdout };
}

await runMain(main);
