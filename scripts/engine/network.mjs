import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

import { attempt, run } from "./run.mjs";

/**
 * @typedef {{slot: number, netns: string, link: string, bridge: string, pool: string}} Network
 *   a network namespace of its own: its name, the host's end of the cable into it, and the addresses its engine hands out
 */

const FORWARDING = "/proc/sys/net/ipv4/ip_forward";
const OFFERS = [211, 214, 217, 220, 223];

const netnsName = (/** @type {number} */ slot) => `dockyaml-${slot}`;
const linkName = (/** @type {number} */ slot) => `dockyaml${slot}`;

/** The command line that runs `argv` inside a network namespace, where an engine's published ports answer on 127.0.0.1. */
export function insideNetwork(/** @type {string} */ netns, /** @type {readonly string[]} */ argv) {
  const resolver = ownResolver();
  const resolving = [
    "unshare",
    "--mount",
    "sh",
    "-c",
    'mount --bind "$1" /etc/resolv.conf; shift; exec "$@"',
    "sh",
    resolver,
  ];
  return ["nsenter", `--net=/run/netns/${netns}`, ...(resolver === "" ? [] : resolving), ...argv];
}

/** A resolver file to use instead of the machine's, whose own name server listens on a loopback that isn't this network's. */
export function ownResolver() {
  const file = "/run/systemd/resolve/resolv.conf";
  const local =
    existsSync("/etc/resolv.conf") && /^nameserver\s+127\./mu.test(readFileSync("/etc/resolv.conf", "utf8"));
  return local && existsSync(file) ? file : "";
}

/**
 * Makes the network namespace of a slot, with a cable to the host and a way out through it. The host's own rules stay as
 * they are: a few that name this cable, marked with the namespace's name, are added.
 *
 * @param {number} slot
 * @param {string} forwardingNote file that remembers that forwarding was off
 * @returns {Promise<Network>}
 */
export async function makeNetwork(slot, forwardingNote) {
  const netns = netnsName(slot);
  const link = linkName(slot);
  const first = await freeBlock();
  const cable = `10.${first}.${slot}`;
  await run(["ip", "netns", "add", netns]);
  await run(["ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", netns]);
  await run(["ip", "-batch", "-"], { input: `address add ${cable}.1/30 dev ${link}\nlink set ${link} up\n` });
  const inner = `link set lo up\naddress add ${cable}.2/30 dev eth0\nlink set eth0 up\nroute add default via ${cable}.1\n`;
  await run(["ip", "-netns", netns, "-batch", "-"], { input: inner });
  const chains =
    (await attempt(["iptables", "-w", "10", "-S", "DOCKER-USER"])).code === 0
      ? ["FORWARD", "DOCKER-USER"]
      : ["FORWARD"];
  const accepted = chains.flatMap((chain) => [
    ["filter", chain, "-i", link, "-j", "ACCEPT"],
    ["filter", chain, "-o", link, "-j", "ACCEPT"],
  ]);
  const rules = [["nat", "POSTROUTING", "-s", `${cable}.0/30`, "!", "-o", link, "-j", "MASQUERADE"], ...accepted];
  for (const [table = "", chain = "", ...rule] of rules) {
    const mark = ["-m", "comment", "--comment", netns];
    await run(["iptables", "-w", "10", "-t", table, "-I", chain, ...mark, ...rule]);
  }
  if (readFileSync(FORWARDING, "utf8").trim() === "0") {
    writeFileSync(forwardingNote, "off before the first private engine\n");
    writeFileSync(FORWARDING, "1");
  }
  return { slot, netns, link, bridge: `10.${first + 1}.${slot}.1/24`, pool: `base=10.${first + 2}.0.0/16,size=24` };
}

/** Takes away everything `makeNetwork` made for a slot; what is gone already is no error. */
export async function removeNetwork(/** @type {number} */ slot) {
  const netns = netnsName(slot);
  for (const table of ["nat", "filter"]) {
    const listed = await attempt(["iptables", "-w", "10", "-t", table, "-S"]);
    const ours = listed.stdout.split("\n").filter((rule) => rule.split(" ").includes(netns) && rule.startsWith("-A "));
    for (const rule of ours) await attempt(["iptables", "-w", "10", "-t", table, "-D", ...rule.split(" ").slice(1)]);
  }
  await attempt(["ip", "link", "delete", linkName(slot)]);
  if (existsSync(`/run/netns/${netns}`)) await run(["ip", "netns", "delete", netns]);
  // `ip` makes this folder a mount of its own with the first namespace and leaves it so after the last.
  if (existsSync("/run/netns") && readdirSync("/run/netns").length === 0) await attempt(["umount", "/run/netns"]);
}

/** Turns forwarding off again where the note says that it was off; `inUse` when something else needs it by now. */
export function restoreForwarding(/** @type {string} */ forwardingNote, /** @type {boolean} */ inUse) {
  if (!existsSync(forwardingNote)) return;
  if (!inUse) writeFileSync(FORWARDING, "0");
  rmSync(forwardingNote);
}

/** Ids of the processes in a slot's network namespace. */
export async function processesInNetwork(/** @type {number} */ slot) {
  if (!existsSync(`/run/netns/${netnsName(slot)}`)) return [];
  const { stdout } = await attempt(["ip", "netns", "pids", netnsName(slot)]);
  return stdout.split("\n").filter(Boolean).map(Number);
}

/** The second number of three neighbouring 10.x.0.0/16 blocks that this machine has no route to and no resolver in. */
async function freeBlock() {
  const routes = (await run(["ip", "-4", "-oneline", "route"]))
    .split("\n")
    .filter((line) => !/ dev dockyaml\d/u.test(line));
  const resolvers = existsSync("/etc/resolv.conf") ? readFileSync("/etc/resolv.conf", "utf8") : "";
  const taken = new Set(
    [...`${routes.join("\n")}\n${resolvers}`.matchAll(/\b10\.(\d+)\.\d+\.\d+/gu)].map(([, block]) => Number(block)),
  );
  return OFFERS.find((first) => [0, 1, 2].every((next) => !taken.has(first + next))) ?? OFFERS[0] ?? 211;
}
