import { createServer, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { findFreePorts } from "../../src/gather/free-ports.ts";
import type { AutoPort } from "../../src/plan/auto-ports.ts";

const search = { file: "/project/dock.yaml", taken: new Set<number>(), remote: false };

function auto(name: string, more: Partial<AutoPort> = {}): AutoPort {
  const port = { hostIp: "127.0.0.1", containerPort: 80, protocol: "tcp", auto: true } as const;
  return { key: `service:${name}/1 127.0.0.1:80/tcp`, port, running: false, ...more };
}

test("each port gets one of its own, the same every time", async () => {
  const wanted = ["a", "b", "c"].map((name) => auto(name));
  const found = await findFreePorts(wanted, search);
  expect(new Set(Object.values(found)).size).toBe(3);
  expect(await findFreePorts(wanted, search)).toEqual(found);
  expect(await findFreePorts(wanted, { ...search, file: "/elsewhere/dock.yaml" })).not.toEqual(found);
});

test("what is taken is passed over", async () => {
  const [first = 0] = Object.values(await findFreePorts([auto("a")], search));
  const [second = 0] = Object.values(await findFreePorts([auto("a")], { ...search, taken: new Set([first]) }));
  expect(second).not.toBe(first);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(second, "127.0.0.1", resolve));
  const [third = 0] = Object.values(await findFreePorts([auto("a")], { ...search, taken: new Set([first]) }));
  await new Promise((resolve) => server.close(resolve));
  expect([first, second]).not.toContain(third);
});

test("a container keeps its port, unless it does not run and somebody else has it", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port: kept } = server.address() as AddressInfo;
  try {
    expect(await findFreePorts([auto("a", { kept, running: true })], search)).toEqual({});
    expect(Object.keys(await findFreePorts([auto("a", { kept })], search))).toEqual([auto("a").key]);
    expect(await findFreePorts([auto("a", { kept })], { ...search, remote: true })).toEqual({});
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
  expect(await findFreePorts([auto("a", { kept })], search)).toEqual({});
});
