import { describe, expect, test } from "vitest";
import { type CrashGround, fakeField } from "../support/crash-ground.ts";
import { CrashSite } from "../support/crash-site.ts";

/** A project on a fake engine of its own. */
async function onGround(work: (site: CrashSite, ground: CrashGround) => Promise<void>): Promise<void> {
  await using ground = await fakeField("1.51").begin();
  await using site = await CrashSite.begin(ground.ports);
  await work(site, ground);
  expect((await site.run(["down", "-v"], ground.host)).code).toBe(0);
  expect(await ground.leftovers()).toEqual([]);
}

const IDLE = { image: "busybox:latest", command: ["sleep", "3600"] };

describe("a volume that nobody gave a name", () => {
  const declare = (color: string) => () => ({
    services: { db: { ...IDLE, mounts: ["/cache"], environment: { COLOR: color } } },
  });

  async function cacheVolume(ground: CrashGround): Promise<string> {
    const containers = await ground.bare.containers();
    const own = containers.find(({ Labels }) => Labels["dev.dock.service"] === "db");
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
