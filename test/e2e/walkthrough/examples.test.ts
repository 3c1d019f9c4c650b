import { rm } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { eventually } from "../../support/scenario.ts";
import { BareEngine } from "../../support/scenario-engine.ts";
import { BUILDING, type Example, freePorts, openExample } from "../../support/walkthrough.ts";
import { requireRegistry } from "../../support/walkthrough-network.ts";

vi.setConfig({ testTimeout: BUILDING });

/** An example under watch, with the address that it answers at. */
interface Watched extends AsyncDisposable {
  readonly example: Example;
  readonly watch: ReturnType<Example["start"]>;
  /** Resolves when the page at a path is what the pattern says. */
  shows(pattern: RegExp, path?: string): Promise<void>;
  status(path: string): Promise<number>;
  id(): Promise<string>;
}

async function watched(name: string, service: string): Promise<Watched> {
  const [port = ""] = await freePorts(1);
  const example = await openExample(name, { PORT: port });
  const watch = example.start(["watch"]);
  const get = async (path: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(5000) });
  const end = async (): Promise<void> => {
    watch.signal("SIGINT");
    expect((await watch.end()).code).toBe(0);
    expect((await example.plan()).actions).toEqual([]);
    await example.takeDown();
    await example[Symbol.asyncDispose]();
  };
  try {
    await watch.until(/^Watching /m, "stderr", BUILDING);
  } catch (error) {
    await example[Symbol.asyncDispose]();
    throw error;
  }
  return {
    example,
    watch,
    shows: async (pattern, path = "/") =>
      eventually(async () => expect(await (await get(path)).text()).toMatch(pattern), 30_000),
    status: async (path) => (await get(path)).status,
    id: async () => (await example.scenario.ids())[`${service}/1`] ?? "",
    [Symbol.asyncDispose]: end,
  };
}

describe("examples of what a save does", () => {
  beforeAll(async () => {
    await requireRegistry(new BareEngine(), "examples");
  });

  test("an API under node --watch sees each edit in its synced files, in the same container", async () => {
    await using api = await watched("express-api", "api");
    const id = await api.id();
    await api.shows(/Hello from the quay/);
    for (const [from, to] of [
      ["the quay", "the wharf"],
      ["the wharf", "the dock"],
      ["the dock", "the slip"],
    ] as const) {
      await api.example.edit("src/greeting.js", from, to);
      await api.shows(new RegExp(`Hello from ${to}`));
    }
    expect(await api.id()).toBe(id);
    expect(api.watch.stderr.match(/greeting\.js \S+ sync api/g)).toHaveLength(3);
  });

  test("a program that does not watch is restarted once for each save, in the same container", async () => {
    await using app = await watched("python-app", "app");
    const id = await app.id();
    await app.shows(/Hello from the pier/);
    await app.example.edit("app.py", "the pier", "the jetty");
    await app.shows(/Hello from the jetty/);
    expect(await app.id()).toBe(id);
    expect(app.watch.stderr.match(/restart app/g)).toHaveLength(1);
  });

  test("a compiled service is built anew; one that does not compile leaves what runs", async () => {
    await using server = await watched("compiled-service", "server");
    const id = await server.id();
    await server.shows(/Hello from the shipyard/);
    await server.example.edit("src/greeting.h", '"Hello', "Hello");
    await server.watch.until(/rebuild server failed/, "stderr", BUILDING);
    await server.shows(/Hello from the shipyard/);
    expect(await server.id()).toBe(id);
    await server.example.edit("src/greeting.h", "Hello from the shipyard", '"Hello from the slipway');
    await server.watch.until(/greeting\.h \S+ rebuild server, /, "stderr", BUILDING);
    await server.shows(/Hello from the slipway/);
    expect(await server.id()).not.toBe(id);
  });

  test("pages of a static site are copied as they are saved, and go when they are deleted", async () => {
    await using site = await watched("static-site", "site");
    const id = await site.id();
    await site.shows(/Hello from the lighthouse/);
    await site.example.edit("site/index.html", "lighthouse", "beacon");
    await site.shows(/Hello from the beacon/);
    await site.example.scenario.write({ "site/more/second.html": "second page\n" });
    await site.shows(/second page/, "/more/second.html");
    await rm(join(site.example.directory, "site/more/second.html"));
    await eventually(async () => expect(await site.status("/more/second.html")).toBe(404));
    expect(await site.id()).toBe(id);
  });
});
