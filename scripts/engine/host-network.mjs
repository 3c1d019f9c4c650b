import { existsSync, readFileSync, writeFileSync } from "node:fs";

import { ask } from "./ask.mjs";
import { attempt } from "./run.mjs";

/**
 * What an engine changes in the host's network and does not change back when it ends.
 *
 * @typedef {{fresh: boolean, policy: string, forwarding: string}} NetworkBefore
 *   `fresh`: no engine had left its bridge or its rules there before
 */

const FORWARDING = "/proc/sys/net/ipv4/ip_forward";
const TOOLS = ["iptables", "ip6tables"];
const TABLES = ["filter", "nat", "raw", "mangle"];

/** Looks at the host's network before an engine is started in it. @returns {Promise<NetworkBefore>} */
export async function lookAtNetwork() {
  const rules = (await attempt(["iptables", "-w", "10", "-S"])).stdout;
  return {
    fresh: !existsSync("/sys/class/net/docker0") && !rules.includes("-N DOCKER"),
    policy: /^-P FORWARD (\w+)/mu.exec(rules)?.[1] ?? "ACCEPT",
    forwarding: readFileSync(FORWARDING, "utf8").trim(),
  };
}

/** The bridges of the engine at `host`, as interface names; to be asked while it still answers. */
export async function bridgesOf(/** @type {string} */ host) {
  try {
    const { body } = await ask(host, '/networks?filters={"driver":["bridge"]}', { timeout: 5_000 });
    const networks = /** @type {{Id: string, Options?: Record<string, string> | null}[]} */ (JSON.parse(body));
    return networks.map(({ Id, Options }) => Options?.["com.docker.network.bridge.name"] ?? `br-${Id.slice(0, 12)}`);
  } catch {
    return ["docker0"];
  }
}

/**
 * Takes an ended engine's bridges and rules away again and puts back what it had set; leaves everything as it is where
 * another engine had been there before.
 *
 * @param {NetworkBefore} before
 * @param {readonly string[]} bridges
 * @param {boolean} forwardingInUse
 */
export async function clearNetwork(before, bridges, forwardingInUse) {
  if (!before.fresh) return;
  for (const bridge of bridges) await attempt(["ip", "link", "delete", bridge]);
  for (const tool of TOOLS) for (const table of TABLES) await clearTable([tool, "-w", "10", "-t", table], bridges);
  await attempt(["iptables", "-w", "10", "-P", "FORWARD", before.policy]);
  await attempt(["ip6tables", "-w", "10", "-P", "FORWARD", before.policy]);
  if (before.forwarding === "0" && !forwardingInUse) writeFileSync(FORWARDING, "0");
}

async function clearTable(/** @type {readonly string[]} */ table, /** @type {readonly string[]} */ bridges) {
  const lines = (await attempt([...table, "-S"])).stdout.split("\n").map((line) => line.split(" "));
  const ours = (/** @type {string} */ word) => word.startsWith("DOCKER") || bridges.includes(word);
  const rules = lines.filter(([verb = "", ...words]) => verb === "-A" && words.some(ours));
  for (const [, ...rule] of rules) await attempt([...table, "-D", ...rule]);
  const chains = lines.filter(([verb, name = ""]) => verb === "-N" && ours(name)).map(([, name = ""]) => name);
  for (const verb of ["-F", "-X"]) for (const chain of chains) await attempt([...table, verb, chain]);
}
