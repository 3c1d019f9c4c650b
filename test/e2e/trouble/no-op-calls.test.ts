import { describe, expect } from "vitest";
import { note } from "../../support/crash-plan.ts";
import { IDLE, type Run, type Scenario, scenario } from "../../support/scenario.ts";

/** Calls that a run with nothing to do may cost, however large the project. */
const FEW = 8;

function many(count: number, service: (index: number) => object): Readonly<Record<string, object>> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`service${index}`, service(index)]));
}

function callsOf(run: Run): readonly string[] {
  return run.requests.map(({ method, path }) => `${method} ${path}`).toSorted();
}

/** What an `up` with nothing to do asks of the engine. */
async function noOp(s: Scenario, services: Readonly<Record<string, object>>): Promise<readonly string[]> {
  await s.declare({ services });
  await s.dock(["up", "-d"], { deadline: 170_000 });
  const run = await s.dock(["up", "-d"]);
  expect(run.mutations).toEqual([]);
  return callsOf(run);
}

describe("an up with nothing to do on a real engine", () => {
  scenario("asks as little for fifty services as for one", async ({ s }) => {
    const alone = await noOp(
      s,
      many(1, () => IDLE),
    );
    const calls = await noOp(
      s,
      many(50, () => IDLE),
    );
    note({ test: "no-op calls", services: 50, calls: calls.length });
    expect(calls).toEqual(alone);
    expect(calls.length).toBeLessThanOrEqual(FEW);
  });

  scenario("asks as little of a chain of healthy services as of others", async ({ s }) => {
    const others = await noOp(
      s,
      many(5, () => IDLE),
    );
    const healthcheck = { test: ["CMD", "true"], interval: "200ms" };
    const chain = many(5, (index) => ({
      ...IDLE,
      healthcheck,
      ...(index === 0 ? {} : { depends_on: { [`service${index - 1}`]: { condition: "service_healthy" } } }),
    }));
    const calls = await noOp(s, chain);
    note({ test: "no-op calls", chain: 5, calls: calls.length });
    expect(calls).toEqual(others);
  });
});
