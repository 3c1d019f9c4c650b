import { expect, test } from "vitest";
import { probedSoon } from "../../src/plan/start-probes.ts";

const SECOND = 1_000_000_000;
const CHECK = { Test: ["CMD", "true"] };
const SOON = { StartInterval: SECOND / 2 };

test.each([
  ["without an interval, over the engine's own", CHECK, { ...CHECK, ...SOON, StartPeriod: 30 * SECOND }],
  [
    "with an interval, over that",
    { ...CHECK, Interval: SECOND },
    { ...CHECK, Interval: SECOND, ...SOON, StartPeriod: SECOND },
  ],
  [
    "with a start period, over that",
    { ...CHECK, Interval: SECOND, StartPeriod: 9 * SECOND },
    { ...CHECK, Interval: SECOND, ...SOON, StartPeriod: 9 * SECOND },
  ],
])("a health check %s is tried twice a second at first", (_, health, told) => {
  expect(probedSoon(health, "1.44")).toEqual(told);
});

test.each([
  ["on an engine that can't", CHECK, "1.43"],
  ["that says how soon itself", { ...CHECK, StartPeriod: SECOND, StartInterval: SECOND }, "1.51"],
  ["that is tried as often anyway", { ...CHECK, Interval: SECOND / 5 }, "1.51"],
  ["that is switched off", { Test: ["NONE"] }, "1.51"],
  ["of the image", { Interval: SECOND }, "1.51"],
])("a health check %s stays as it is", (_, health, version) => {
  expect(probedSoon(health, version)).toBe(health);
});
