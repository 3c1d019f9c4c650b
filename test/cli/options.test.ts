import { expect, test } from "vitest";
import { environmentOptions } from "../../src/cli/environment-options.ts";
import { signalName } from "../../src/cli/signal-name.ts";
import { readyOptions, secondsOption, stopTimeout } from "../../src/cli/time-options.ts";

test("signals go by their names and numbers, however they are written", () => {
  expect(["SIGHUP", "hup", "1", "SIGKILL", "9", "sigrtmin+3"].map(signalName)).toEqual([
    "SIGHUP",
    "SIGHUP",
    "SIGHUP",
    "SIGKILL",
    "SIGKILL",
    "SIGRTMIN+3",
  ]);
  expect(() => signalName("SIGTREM")).toThrow('there is no signal "SIGTREM"');
  expect(() => signalName("0")).toThrow("there is no signal");
});

test("times are moments or durations before now", () => {
  expect(secondsOption("2026-01-02T03:04:05Z", "--since")).toBe("1767323045.000");
  expect(secondsOption("1767323045.123456789", "--since")).toBe("1767323045.123456789");
  const before = Date.now() / 1000 - 600;
  expect(Number(secondsOption("10m", "--since"))).toBeGreaterThanOrEqual(Math.floor(before));
  expect(Number(secondsOption("10m", "--since"))).toBeLessThan(before + 5);
  expect(secondsOption(undefined, "--since")).toBeUndefined();
  expect(() => secondsOption("yesterday", "--since")).toThrow('not "yesterday"');
});

test("timeouts are seconds or durations", () => {
  expect([stopTimeout("0"), stopTimeout("1.5"), stopTimeout("1m"), stopTimeout(undefined)]).toEqual([
    0,
    2,
    60,
    undefined,
  ]);
  expect(readyOptions("90s")).toEqual({ readyTimeout: 90_000 });
  expect(readyOptions(undefined)).toEqual({});
  expect(() => stopTimeout("-1")).toThrow('not "-1"');
});

test("a name without a value takes ours, or nothing", () => {
  expect(environmentOptions(["A=1", "B=", "C=x=y", "OURS", "NONE"], { OURS: "ours" })).toEqual({
    A: "1",
    B: "",
    C: "x=y",
    OURS: "ours",
  });
  expect(() => environmentOptions(["=1"], {})).toThrow('not "=1"');
});
