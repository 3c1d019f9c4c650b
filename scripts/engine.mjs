#!/usr/bin/env node
import { ensureEngine, findEngine, startedEngine, stopEngine } from "./engine/default-engine.mjs";
import { runWithPrivateEngine } from "./engine/private-command.mjs";
import { isMain, runMain, say, Stop } from "./engine/say.mjs";
import { slotsInUse, sweepSlots } from "./engine/slot.mjs";

const USAGE = `usage: node scripts/engine.mjs COMMAND
  ensure   use the Docker Engine that is there, or start one (as root on Debian); prints its address
  stop     end the engine that ensure started, and nothing else
  status   say which engine answers, and what these scripts have started
  private VERSION -- COMMAND [ARGUMENT…]
           run a command against a fresh engine of its own: 28, 28-c8d (containerd's image store) or 20`;

/** Each command gives its exit code. @type {Record<string, (args: string[]) => Promise<number>>} */
const COMMANDS = {
  ensure: async () => {
    const { host } = await ensureEngine();
    process.stdout.write(`${host}\n`);
    return 0;
  },
  stop: async () => {
    say((await stopEngine()) ? "the engine is stopped; its images are kept" : "no engine of these scripts is running");
    await sweepSlots();
    return 0;
  },
  status: async () => {
    const found = await findEngine();
    say(
      found === undefined
        ? "no Docker Engine answers"
        : `Docker Engine ${found.version} at ${found.host} (${found.from})`,
    );
    const ours = startedEngine();
    say(ours === undefined ? "none was started by these scripts" : `started by these scripts: process ${ours.pid}`);
    for (const { number, name, owner } of slotsInUse()) say(`private engine ${number} (${name}) of process ${owner}`);
    return found === undefined ? 3 : 0;
  },
  private: runWithPrivateEngine,
};

async function main() {
  const [name = "", ...args] = process.argv.slice(2);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (name === "--help" || args[0] === "--help") {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  if (command === undefined || (args.length > 0 && name !== "private")) throw new Stop(USAGE, { exitCode: 2 });
  return command(args);
}

if (isMain(import.meta.url)) await runMain(main);

export { ensureEngine, findEngine, stopEngine } from "./engine/default-engine.mjs";
export { canStartPrivateEngines, startPrivateEngine } from "./engine/private-engine.mjs";
export { insideNetwork } from "./engine/network.mjs";
