import { describe, expect } from "vitest";
import { FaultProxy, type Fault } from "../../support/fault-proxy.ts";
import { IDLE, type Scenario, scenario } from "../../support/scenario.ts";

const COUNT = 10;
const BROKEN = { ...IDLE, command: ["sh", "-c", "echo no such table; exit 7"] };

/** Many services that nobody depends on, one of which ends at once. */
async function declareMany(s: Scenario): Promise<void> {
  const services = Object.fromEntries(Array.from({ length: COUNT }, (_, index) => [`service${index}`, IDLE]));
  await s.declare({ services: { ...services, service7: BROKEN } });
}

async function running(s: Scenario): Promise<number> {
  return Object.values(await s.containers()).filter(({ State }) => State === "running").length;
}

describe("many services that are started at once", () => {
  scenario("are watched on one connection; the one that ends is told of, and the others run", async ({ s }) => {
    await declareMany(s);
    const failed = await s.dock(["up", "-d"], { code: 5 });
    expect(failed.stderr).toMatch(/service service7 exited with code 7/);
    expect(failed.stderr).toContain("no such table");
    expect(failed.requests.filter(({ path }) => path.endsWith("/events"))).toHaveLength(1);
    expect(await running(s)).toBe(COUNT - 1);
  });

  for (const fault of ["500-before", "reset-before", "stall", "truncate"] satisfies Fault[]) {
    scenario(`are proven all the same when that connection fails: ${fault}`, async ({ s }) => {
      await declareMany(s);
      const upstream = s.engine.socketPath;
      await using proxy = await FaultProxy.start({
        upstream,
        fault,
        at: 1,
        counts: ({ path }) => path.endsWith("/events"),
      });
      const failed = await s.dock(["up", "-d"], { code: 5, host: `unix://${proxy.socketPath}` });
      expect(failed.stderr).toMatch(/service service7 (exited|ended soon after its start) with code 7/);
      expect(await running(s)).toBe(COUNT - 1);
    });
  }
});
