import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type CrashGround, fakeField } from "../support/crash-ground.ts";
import { CrashSite } from "../support/crash-site.ts";
import { type Fault, FaultProxy } from "../support/fault-proxy.ts";
import type { Finished } from "../support/scenario-process.ts";
import { SlowEngine } from "../support/crash-slow-engine.ts";
import { takeSnapshot } from "../support/snapshot.ts";

/** A project on a fake engine of its own; in the end `down -v` has to leave the engine as it was. */
async function onGround(work: (site: CrashSite, ground: CrashGround) => Promise<void>): Promise<void> {
  await using ground = await fakeField("1.51").begin();
  await using site = await CrashSite.begin(ground.ports);
  await work(site, ground);
  expect((await site.run(["down", "-v"], ground.host)).code).toBe(0);
  expect(await ground.leftovers()).toEqual([]);
}

/** Runs `up` as a process of its own; the first request that fits meets the fault. */
async function upStruck(
  on: { readonly site: CrashSite; readonly ground: CrashGround },
  strike: { readonly fault: Fault; readonly request: RegExp },
): Promise<Finished> {
  let kill = (): void => {};
  await using proxy = await FaultProxy.start({
    upstream: on.ground.socketPath,
    fault: strike.fault,
    at: 1,
    counts: ({ method, path }) => strike.request.test(`${method} ${path}`),
    onKill: () => kill(),
  });
  const child = on.site.start(["up", "-d"], { host: proxy.host, deadline: 20_000, hurry: strike.fault === "stall" });
  kill = () => child.signal("SIGKILL");
  const finished = await child.end();
  expect(proxy.fired).toBe(true);
  return finished;
}

/** The containers of the project, each with what tells its versions apart. */
async function containers(site: CrashSite, ground: CrashGround): Promise<readonly string[]> {
  const lines = await takeSnapshot(ground.bare, site.project, site.steady);
  return lines.filter((line) => line.startsWith("container")).map((line) => line.split(" | ").slice(1, 6).join(" | "));
}

const IDLE = { image: "busybox:latest", command: ["sleep", "3600"] };

const web = (version: object) => () => ({
  services: { web: { ...IDLE, networks: ["default", "back"], ...version } },
  networks: { back: {} },
});

const RED = web({ environment: { COLOR: "red" } });
const BLUE = web({ environment: { COLOR: "blue" } });
const BROKEN = web({ environment: { COLOR: "blue" }, command: ["sh", "-c", "echo boom; exit 3"] });

const NETWORKS = "networks demo_back[demo-web-1,web] demo_default[demo-web-1,web]";
const RED_SERVES = [`/demo-web-1 | running | busybox:latest | env COLOR=red | ${NETWORKS}`];
const BLUE_SERVES = [`/demo-web-1 | running | busybox:latest | env COLOR=blue | ${NETWORKS}`];

describe("a replacement that was interrupted when the old container had been stopped", () => {
  test("goes on with the new one", async () => {
    await onGround(async (site, ground) => {
      await site.declare(RED);
      await site.run(["up", "-d"], ground.host);
      await site.declare(BLUE);
      await upStruck({ site, ground }, { fault: "kill-after", request: /POST .*\/stop$/ });
      expect(await containers(site, ground)).toHaveLength(2);
      expect(await site.run(["up", "-d"], ground.host)).toMatchObject({ code: 0 });
      expect(await containers(site, ground)).toEqual(BLUE_SERVES);
    });
  });

  test("goes back to the old one when the new one does not run", async () => {
    await onGround(async (site, ground) => {
      await site.declare(RED);
      await site.run(["up", "-d"], ground.host);
      await site.declare(BROKEN);
      await upStruck({ site, ground }, { fault: "kill-after", request: /POST .*\/stop$/ });
      const again = await site.run(["up", "-d"], ground.host);
      expect(again).toMatchObject({ code: 5, stderr: expect.stringContaining("the old container serves again") });
      expect(await containers(site, ground)).toEqual(RED_SERVES);
    });
  });

  test("goes back when the way back had been interrupted too", async () => {
    await onGround(async (site, ground) => {
      await site.declare(RED);
      await site.run(["up", "-d"], ground.host);
      await site.declare(BROKEN);
      await upStruck({ site, ground }, { fault: "kill-before", request: /DELETE \/containers/ });
      expect(await site.run(["up", "-d"], ground.host)).toMatchObject({ code: 5 });
      expect(await containers(site, ground)).toEqual(RED_SERVES);
    });
  });
});

describe("a new version that ends at once", () => {
  test.each([
    ["never tells of its end", /POST .*\/wait$/],
    ["is slow to give its last lines", /GET .*\/logs$/],
  ])("does not take the old one's place when the engine %s", async (_, request) => {
    await onGround(async (site, ground) => {
      await site.declare(RED);
      await site.run(["up", "-d"], ground.host);
      await site.declare(BROKEN);
      expect(await upStruck({ site, ground }, { fault: "stall", request })).toMatchObject({ code: 5 });
      expect(await containers(site, ground)).toEqual(RED_SERVES);
    });
  });
});

describe("a container whose making was interrupted before it was on all its networks", () => {
  test("is made anew", async () => {
    await onGround(async (site, ground) => {
      await site.declare(BLUE);
      await upStruck({ site, ground }, { fault: "kill-before", request: /POST \/networks\/.*\/connect$/ });
      expect(await site.run(["up", "-d"], ground.host)).toMatchObject({ code: 0 });
      expect(await containers(site, ground)).toEqual(BLUE_SERVES);
    });
  });
});

describe("a new container that lives a little longer than it takes to count as alive", () => {
  test("is not started over and over: up ends with 5", async () => {
    await onGround(async (site, ground) => {
      // It ends while the other one, which needs it, is waited for.
      const dying = { image: "dies-late:latest", command: ["serve"] };
      await site.declare(() => ({ services: { web: dying, next: { ...IDLE, depends_on: ["web"] } } }));
      expect(await site.run(["up", "-d"], ground.host)).toMatchObject({
        code: 5,
        stderr: expect.stringContaining("service web ended soon after its start with code 3"),
      });
    });
  });
});

describe("an interruption while the engine makes a container", () => {
  test("lets the engine finish, so that the next run finds what there is", async () => {
    await onGround(async (site, ground) => {
      await site.declare(() => ({ services: { web: IDLE } }));
      await using slow = await SlowEngine.start({
        upstream: ground.socketPath,
        request: /POST .*\/containers\/create/,
      });
      const child = site.start(["up", "-d"], { host: slow.host, deadline: 20_000, hurry: false });
      await slow.asked;
      child.signal("SIGINT");
      const early = child.end().then(() => "it did not wait");
      expect(await Promise.race([early, delay(300, "it waits")])).toBe("it waits");
      slow.answer();
      expect(await child.end()).toMatchObject({ code: 130 });
      expect(await containers(site, ground)).toEqual([expect.stringContaining("/demo-web-1 | created 0")]);
      expect(await site.run(["up", "-d"], ground.host)).toMatchObject({ code: 0 });
      expect(await containers(site, ground)).toEqual([expect.stringContaining("/demo-web-1 | running")]);
    });
  });

  test("does no harm when the engine makes it only after the next run has looked", async () => {
    await onGround(async (site, ground) => {
      await site.declare(RED);
      await using slow = await SlowEngine.start({
        upstream: ground.socketPath,
        request: /POST .*\/containers\/create/,
      });
      const killed = site.start(["up", "-d"], { host: slow.host, deadline: 20_000, hurry: false });
      await slow.asked;
      killed.signal("SIGKILL");
      await killed.end();
      // What was asked for comes into being when the next run has made its plan.
      await using late = await SlowEngine.start({
        upstream: ground.socketPath,
        request: /POST .*\/containers\/create/,
      });
      const next = site.start(["up", "-d"], { host: late.host, deadline: 20_000, hurry: false });
      await late.asked;
      slow.answer();
      await slow.answered;
      late.answer();
      expect(await next.end()).toMatchObject({ code: 0 });
      expect(await containers(site, ground)).toEqual(RED_SERVES);
    });
  });
});

describe("a volume that goes while its container is being made", () => {
  test("comes back as the project's own", async () => {
    await onGround(async (site, ground) => {
      const services = {
        db: { ...IDLE, mounts: ["data:/data"], dev: { mounts: ["./src:/app", "/app/node_modules"] } },
      };
      await site.declare(() => ({ services, volumes: { data: {} } }));
      await using slow = await SlowEngine.start({
        upstream: ground.socketPath,
        request: /POST .*\/containers\/create/,
      });
      const child = site.start(["up", "-d"], { host: slow.host, deadline: 20_000, hurry: false });
      await slow.asked;
      for (const { Name } of await ground.bare.volumes())
        if (Name.startsWith(site.project)) await ground.bare.remove(`/volumes/${Name}`);
      slow.answer();
      expect(await child.end()).toMatchObject({ code: 0 });
      expect(await site.run(["up", "-d"], ground.host)).toMatchObject({ code: 0 });
    });
  });
});

describe("a volume that nobody gave a name", () => {
  const declare = (color: string) => () => ({
    services: { db: { ...IDLE, mounts: ["/cache"], environment: { COLOR: color } } },
  });

  async function cacheVolume(ground: CrashGround): Promise<string> {
    const all = await ground.bare.containers();
    const own = all.find(({ Labels }) => Labels["dev.dock.service"] === "db");
    return own?.Mounts.find(({ Destination }) => Destination === "/cache")?.Name ?? "";
  }

  test("keeps its data when its container is replaced, and over down and up", async () => {
    await onGround(async (site, ground) => {
      await site.declare(declare("red"));
      await site.run(["up", "-d"], ground.host);
      await ground.mark(await cacheVolume(ground), "precious");
      await site.declare(declare("blue"));
      await site.run(["up", "-d"], ground.host);
      expect(await ground.marked(await cacheVolume(ground))).toBe("precious");
      await site.run(["down"], ground.host);
      await site.run(["up", "-d"], ground.host);
      expect(await ground.marked(await cacheVolume(ground))).toBe("precious");
    });
  });

  test("is found by down -v even when its container is gone", async () => {
    await onGround(async (site, ground) => {
      await site.declare(declare("red"));
      await site.run(["up", "-d"], ground.host);
      await site.run(["down"], ground.host);
    });
  });
});
