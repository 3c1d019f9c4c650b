#!/usr/bin/env node
import { ensureEngine, findEngine, startedEngine, stopEngine } from "./engine/default-engine.mjs";
import { isMain, runMain, say, Stop } from "./engine/say.mjs";

export { ensureEngine, stopEngine } from "./engine/default-engine.mjs";

const USAGE = "usage: node scripts/engine.mjs ensure | stop | status";

async function main() {
  const [command = ""] = process.argv.slice(2);
  if (command === "ensure") {
    const { host } = await ensureEngine();
    process.stdout.write(`${host}\n`);
  } else if (command === "stop") {
    say((await stopEngine()) ? "the engine is stopped" : "no engine of ours is running");
  } else if (command === "status") {
    const found = await findEngine();
    say(found === undefined ? "no engine answers" : `Docker Engine ${found.version} at ${found.host} (${found.from})`);
    const ours = startedEngine();
    say(ours === undefined ? "none was started by these scripts" : `started by these scripts: process ${ours.pid}`);
    return found === undefined ? 3 : 0;
  } else throw new Stop(USAGE, { exitCode: 2 });
  return 0;
}

if (isMain(import.meta.url)) await runMain(main);
