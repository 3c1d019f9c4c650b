import { describe, expect, test } from "vitest";
import { crashLoop } from "../support/crash-loop.ts";
import { choiceOf, crashPlan, note } from "../support/crash-plan.ts";

const HOUR_MS = 3_600_000;

const plan = crashPlan();

/** Every request of every scenario with every kind of fault; `npm run test:faults` tries them all, `npm test` a cut. */
for (const planned of plan.fields) {
  describe(`whatever fault strikes a request on ${planned.name}, the next run comes to the same`, () => {
    for (const scenario of planned.scenarios) {
      test(
        `as without it: ${scenario.name}`,
        async () => {
          await using field = await planned.open();
          const chosen = choiceOf(plan, { field: planned.name, scenario: scenario.name });
          const report = await crashLoop({ field, scenario, blows: planned.blows }, chosen);
          note({ test: "crash loop", ...report });
          expect(report.failures.join("\n\n")).toBe("");
        },
        HOUR_MS,
      );
    }
  });
}
