import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { busyboxStandIn } from "../../../scripts/base-images/busybox.mjs";
import { loadStandIns } from "../../../scripts/base-images/load.mjs";
import { canStartPrivateEngines } from "../../../scripts/engine.mjs";
import { debianSources } from "../../../scripts/engine/apt.mjs";
import { attempt } from "../../../scripts/engine/run.mjs";
import { BareEngine } from "../../support/scenario-engine.ts";
import { runInImage } from "../../support/walkthrough-network.ts";

/** The network in which an engine at hand lives, where these tests run in another one; else it is this one. */
const HOST_NETWORK = process.env["DOCK_TEST_HOST_NETWORK"] ?? "";
/** Its address; empty where none answers. */
const AT_HAND = process.env["DOCK_TEST_ENGINE_AT_HAND"] ?? process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock";
const ENGINE_SCRIPT = join(import.meta.dirname, "../../../scripts/engine.mjs");

const name = `docktest-${randomBytes(4).toString("hex")}`;
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** Runs a command where an engine at hand would run; one that the machine lacks counts as failed. */
async function onHost(argv: readonly string[]): Promise<{ readonly code: number | null; readonly stdout: string }> {
  const { DOCKER_HOST: _, ...env } = process.env;
  const entered = HOST_NETWORK === "" ? argv : ["nsenter", `--net=${HOST_NETWORK}`, ...argv];
  try {
    return await attempt(entered, { env, timeout: 120_000 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { code: 127, stdout: "" };
    throw error;
  }
}

/** What a private engine must leave as it is: the default bridge, and the rules that carry its traffic. */
async function hostNetwork(): Promise<readonly string[]> {
  const bridge = await onHost(["ip", "-oneline", "-4", "address", "show", "dev", "docker0"]);
  const rules = await Promise.all(
    ["filter", "nat"].map((table) => onHost(["iptables", "-w", "10", "-t", table, "-S"])),
  );
  const lasting = rules
    .flatMap(({ stdout }) => stdout.split("\n"))
    // What belongs to one container, or to an engine of another test, comes and goes.
    .filter((rule) => /^-[PN] |docker0/.test(rule) && !/dockyaml|\/32|--dport/.test(rule));
  const steady = bridge.stdout.split("\n").map((line) => line.replace(/ scope .*/, ""));
  return [...steady, ...lasting];
}

/** Whether a container of the engine at hand, if there is one, finds a name and reaches the world outside. */
async function outbound(image: string | undefined): Promise<string> {
  if (image === undefined) return "no engine at hand";
  const { hostname, port } = new URL((await debianSources()).mirror);
  const probe = `nc -w 5 ${hostname} ${port === "" ? 80 : port} < /dev/null`;
  const { code } = await runInImage(new BareEngine({ DOCKER_HOST: AT_HAND }), { image, name }, ["sh", "-c", probe]);
  return code === 0 ? "reached" : "not reached";
}

/** A small image of our own on the engine at hand. */
async function probeImage(): Promise<string | undefined> {
  if (!AT_HAND.startsWith("unix://")) return undefined;
  const engine = new BareEngine({ DOCKER_HOST: AT_HAND });
  if ((await engine.raw("GET", "/_ping").catch(() => undefined)) === undefined) return undefined;
  const image = `${name}:probe`;
  await loadStandIns(AT_HAND, [await busyboxStandIn(image)]);
  cleanups.push(() => engine.remove(`/images/${image}`));
  return image;
}

test("an engine at hand keeps its bridge and its way out while an engine of the tests' own comes and goes", async () => {
  const possible = await canStartPrivateEngines();
  const image = possible.ok ? await probeImage() : undefined;
  const before = [...(await hostNetwork()), await outbound(image)];
  const { code } = await onHost([process.execPath, ENGINE_SCRIPT, "private", "28", "--", "true"]);
  expect(code).toBe(possible.ok ? 0 : 3);
  expect([...(await hostNetwork()), await outbound(image)]).toEqual(before);
});
