import { rm } from "node:fs/promises";
import { describe, expect } from "vitest";
import { commandLine, type CommandLine, IDLE, projectFile } from "../support/command-line.ts";

/** Calls that a run with nothing to do may cost, however large the project. */
const FEW = 8;

type Services = Readonly<Record<string, object>>;

function many(count: number, service: (index: number) => object): Services {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`service${index}`, service(index)]));
}

/** Everything that an `up` asks of the engine; it has nothing to do. */
async function callsOfUp(line: CommandLine): Promise<readonly string[]> {
  const before = line.engine.requests.length;
  const { stdout, stderr } = await line.dock(["up", "-d"]);
  const calls = line.engine.requests.slice(before);
  expect(calls.filter(({ mutating }) => mutating)).toEqual([]);
  expect(stdout + stderr).toContain("up to date");
  return calls.map(({ method, path }) => `${method} ${path}`).toSorted();
}

async function forget(line: CommandLine): Promise<void> {
  await rm(line.cache, { recursive: true, force: true });
}

describe("an up with nothing to do", () => {
  commandLine("asks the engine as little for fifty services as for one", async ({ line }) => {
    const declare = async (count: number): Promise<void> => {
      const services = many(count, (index) => ({
        ...IDLE,
        ports: [`${20_000 + index}:80`],
        mounts: [`data${index}:/data`, "/cache"],
        networks: ["default", "back"],
        restart: "unless-stopped",
        resources: { memory: "64m" },
      }));
      const volumes = Object.fromEntries(Array.from({ length: count }, (_, index) => [`data${index}`, {}]));
      await line.write({ "dock.yaml": projectFile({ name: "shop", services, volumes, networks: { back: {} } }) });
      await line.dock(["up", "-d"]);
    };
    await declare(1);
    const alone = await callsOfUp(line);
    await declare(50);
    const calls = await callsOfUp(line);
    expect(calls.length).toBeLessThanOrEqual(FEW);
    expect(calls).toEqual(alone);
  });

  commandLine("asks as little of a chain of healthy services as of others", async ({ line }) => {
    line.engine.addImage({ tags: ["healthy:latest"], behavior: { health: { becomes: "healthy", afterMs: 5 } } });
    const declare = async (service: (index: number) => object): Promise<void> => {
      await line.write({ "dock.yaml": projectFile({ name: "shop", services: many(5, service) }) });
      await line.dock(["up", "-d"]);
    };
    await declare(() => ({ ...IDLE, image: "healthy:latest" }));
    const without = await callsOfUp(line);
    await declare((index) => ({
      ...IDLE,
      image: "healthy:latest",
      healthcheck: { test: ["CMD", "true"], interval: "1s" },
      ...(index === 0 ? {} : { depends_on: { [`service${index - 1}`]: { condition: "service_healthy" } } }),
    }));
    const chain = await callsOfUp(line);
    expect(chain.length).toBeLessThanOrEqual(FEW);
    expect(chain).toEqual(without);
  });

  commandLine("asks as little after fifty services were updated in place", async ({ line }) => {
    const declare = async (memory: string): Promise<void> => {
      const services = many(50, () => ({ ...IDLE, resources: { memory } }));
      await line.write({ "dock.yaml": projectFile({ name: "shop", services }) });
      await line.dock(["up", "-d"]);
    };
    await declare("64m");
    await declare("96m");
    expect((await callsOfUp(line)).length).toBeLessThanOrEqual(FEW);
    // What they were given last is known only to the engine then: each is inspected, once.
    await forget(line);
    await callsOfUp(line);
    expect((await callsOfUp(line)).length).toBeLessThanOrEqual(FEW);
  });
});
