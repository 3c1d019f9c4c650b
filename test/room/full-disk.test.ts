import { describe, expect } from "vitest";
import { eventually, IDLE, scenario } from "../support/scenario.ts";

// For an engine whose data may take some hundred megabytes: `npm run test:builds` starts one.

const FULL = /no space left on device[^]*hint: the engine's disk is full/i;
/** More than there is room for. */
const TOO_MUCH = "dd if=/dev/zero bs=1M count=1000";

describe("an engine whose disk is full", () => {
  scenario(
    "B14 is named as what a build and a creation fail for; with room again a run comes to the same",
    async ({ s }) => {
      const steps = ["FROM busybox:latest", "RUN echo one > /one"];
      const dockerfile = (...more: readonly string[]): string => [...steps, ...more, ""].join("\n");
      await s.write({ "web/Dockerfile": dockerfile() });
      const web = { ...IDLE, image: "web", mounts: ["data:/data"] };
      const services = { web };
      const rest = { images: { web: { context: "./web" } }, volumes: { data: {} } };
      await s.declare({ services, ...rest });
      await s.dock(["up", "-d"]);
      await s.inside("web", "sh", "-c", "echo precious > /data/file");
      const before = await s.ids();

      await s.write({ "web/Dockerfile": dockerfile(`RUN ${TOO_MUCH} of=/big`) });
      const build = await s.dock(["up", "-d"], { code: 4 });
      expect(build.stderr).toMatch(FULL);
      expect(await s.ids()).toEqual(before);

      await s.write({ "web/Dockerfile": dockerfile() });
      await s.inside("web", "sh", "-c", `${TOO_MUCH} of=/data/big 2>/dev/null || true`);
      await s.declare({ services: { ...services, more: IDLE }, ...rest });
      const creation = await s.dock(["up", "-d"], { code: 1 });
      expect(creation.stderr).toMatch(FULL);

      await s.inside("web", "rm", "/data/big");
      await eventually(async () => {
        await s.dock(["up", "-d"]);
      });
      expect(await s.ids()).toMatchObject(before);
      expect(await s.inside("web", "cat", "/data/file")).toBe("precious");
      expect((await s.dock(["up", "-d"])).mutations).toEqual([]);
    },
  );
});
