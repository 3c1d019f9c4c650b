// `npm start`: everything that the walk-through needs, then `dock up -d` on the root dock.yaml.
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ensureBaseImages } from "./base-images.mjs";
import { ensureEngine } from "./engine.mjs";
import { runMain, say, Stop } from "./engine/say.mjs";
import { ensureBuild, ensureDependencies, ROOT, runProgram } from "./setup/dependencies.mjs";

/** What the root dock.yaml serves. */
const PAGES = [
  { name: "custom nginx", url: "http://127.0.0.1:8080" },
  { name: "hello-dock", url: "http://127.0.0.1:3000" },
];

/** What to try then. */
const NEXT = [
  ["ps", "what runs, and whether it is what dock.yaml asks for"],
  ["plan", "what would change, and why (nothing, now)"],
  ["watch", "act on every save: edit examples/hello-dock/src/components/WelcomeSign.vue"],
  ["history nginx", "the layers of an image, with their sizes"],
  ["down", "remove it all again"],
];

/** How long a page may take to answer once its container is up. */
const ANSWER_MS = 60_000;

async function main() {
  const start = performance.now();
  await ensureDependencies();
  await ensureBuild();
  const { host } = await ensureEngine();
  await ensureBaseImages(["ubuntu:latest", "node:lts"], { host });
  const code = await runProgram(process.execPath, [join(ROOT, "dist/dock.js"), "up", "-d"], {
    minutes: 10,
    env: { DOCKER_HOST: host },
  });
  if (code !== 0) throw new Stop("dock up -d failed; the reason stands above", { exitCode: code });
  for (const page of PAGES) await answers(page);
  say("");
  for (const { name, url } of PAGES) say(`  ${name.padEnd(14)} ${url}`);
  say(`\nup in ${((performance.now() - start) / 1000).toFixed(1)} s. Try next:`);
  for (const [command, what] of NEXT) say(`  node dist/dock.js ${command.padEnd(15)} ${what}`);
  return 0;
}

/** Waits until a page answers with 200. @param {{ name: string, url: string }} page */
async function answers({ name, url }) {
  const until = performance.now() + ANSWER_MS;
  let last = "no answer";
  while (performance.now() < until) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
      await response.arrayBuffer();
      if (response.ok) return;
      last = `status ${response.status}`;
    } catch (error) {
      last = String(error.cause?.message ?? error.message);
    }
    await delay(100);
  }
  throw new Stop(`${name} does not answer at ${url} (${last}); see "node dist/dock.js logs"`, { exitCode: 5 });
}

await runMain(main);
