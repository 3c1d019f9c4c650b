import { createServer, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { isPortHeld, listeningProcess, nextFreePort } from "../../src/gather/port-holders.ts";

const open: Server[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function listen(): Promise<number> {
  const server = createServer();
  open.push(server);
  await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port: 0 }, resolve));
  return (server.address() as { port: number }).port;
}

const tcp = (hostPort: number) => ({ service: "web", hostIp: "127.0.0.1", hostPort, protocol: "tcp" as const });

test("a port on which somebody listens is held, and its process is found", async () => {
  const port = await listen();
  expect(await isPortHeld(tcp(port))).toBe(true);
  expect(await listeningProcess(port)).toContain(`(pid ${process.pid})`);
});

test("a port is free again when its listener has gone", async () => {
  const port = await listen();
  await new Promise((resolve) => open.pop()?.close(resolve));
  expect(await isPortHeld(tcp(port))).toBe(false);
});

test("those who look at a free port at once don't take each other for its holder", async () => {
  const port = await listen();
  await new Promise((resolve) => open.pop()?.close(resolve));
  const held = await Promise.all(Array.from({ length: 50 }, async () => isPortHeld(tcp(port))));
  expect(held).not.toContain(true);
});

test("the suggestion is a port above that nobody holds", async () => {
  const port = await listen();
  const free = await nextFreePort(tcp(port));
  expect(free).toBeGreaterThan(port);
  expect(await isPortHeld(tcp(free ?? 0))).toBe(false);
});
