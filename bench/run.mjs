// `npm run bench [-- NAME…]`: dock and its peers in turn on the same work on the same engine.
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { runMain, say, Stop } from "../scripts/engine/say.mjs";
import { ensureBuild, ensureDependencies } from "../scripts/setup/dependencies.mjs";
import { CASES } from "./cases.mjs";
import { runPairs } from "./pairs.mjs";
import { line, writePage } from "./report.mjs";
import { keepResult, readResults, resultOf } from "./results.mjs";
import { makeWorld } from "./world.mjs";

const USAGE = `usage: npm run bench -- [NAME…] [--large] [--pairs N] [--no-page] [--list]
  NAME     the beginning of cases' names: noop runs noop-1, noop-10 and so on
  --large  also the cases that take long or need much memory
  --pairs  counted pairs of each case (7)
  --no-page  leave docs/performance.md as it is`;

async function main() {
  const { values, positionals } = readArguments();
  const chosen = CASES.filter(({ name, large }) =>
    positionals.length === 0 ? values.large || !large : positionals.some((wanted) => name.startsWith(wanted)),
  );
  if (values.list || chosen.length === 0) {
    for (const { name, title, peer, large } of CASES)
      say(`${name.padEnd(20)} ${title} / ${peer}${large ? " (large)" : ""}`);
    return values.list ? 0 : 2;
  }
  await ensureDependencies();
  await ensureBuild();
  const world = await makeWorld();
  try {
    const interrupted = new AbortController();
    for (const signal of ["SIGINT", "SIGTERM"])
      process.once(signal, () => interrupted.abort(new Stop("interrupted", { exitCode: 130 })));
    const versions = Object.entries(world.peers.versions).map(([tool, version]) => `${tool} ${version}`);
    say(`engine ${world.engineVersion}, ${versions.join(", ")}; load ${loadavg()[0]?.toFixed(1)}`);
    process.stdout.write(
      `${"".padEnd(26)} ${"dock".padStart(9)} ${"peer".padStart(9)}  ratio of pairs (middle half)\n`,
    );
    for (const given of chosen) {
      interrupted.signal.throwIfAborted();
      const reason = given.skip?.(world);
      if (reason !== undefined) {
        say(`${given.name} is left out: it ${reason}`);
        continue;
      }
      const metrics = await runPairs(given, world, Number(values.pairs ?? given.pairs ?? 7));
      await world.clear();
      for (const [metric, comparison] of Object.entries(metrics))
        process.stdout.write(`${line(given, metric, comparison)}\n`);
      keepResult(resultOf(given.name, metrics, world));
    }
  } finally {
    await world.close();
  }
  if (!values["no-page"]) writePage(CASES, readResults());
  return 0;
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        large: { type: "boolean" },
        list: { type: "boolean" },
        pairs: { type: "string" },
        "no-page": { type: "boolean" },
      },
    });
  } catch (error) {
    throw new Stop(`${error.message}\n${USAGE}`, { exitCode: 2 });
  }
}

await runMain(main);
