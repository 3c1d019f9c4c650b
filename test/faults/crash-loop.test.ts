import { describe, expect, test } from "vitest";
import { fakeField } from "../support/crash-ground.ts";
import { crashLoop } from "../support/crash-loop.ts";
import { BLOWS } from "../support/crash-run.ts";
import { CRASH_SCENARIOS } from "../support/crash-scenarios.ts";

describe("x", () => {
  for (const scenario of CRASH_SCENARIOS) {
    test(scenario.name, async () => {
      const only = process.env["ONLY"];
      const report = await crashLoop({ field: fakeField("1.51"), scenario, blows: BLOWS }, (s) => only === undefined || only === `${s.blow}@${s.at}`);
      console.log(report.requests, report.runs, report.seconds, report.failures.length);
      expect(report.failures.map((f) => f.split("\n").slice(0, only ? 999 : 4).join("\n"))).toEqual([]);
    }, 600_000);
  }
});
