import type { Healthcheck as FileHealthcheck } from "./file.gen.ts";
import type { Healthcheck } from "./readiness-model.ts";
import { normalizeDuration } from "./quantities.ts";
import { items, type Place } from "./place.ts";
import { compact } from "./plain-data.ts";

type Probe = Extract<Healthcheck, { kind: "probe" }>;

/** A health check as the engine takes it; a string is a shell command. */
export function normalizeHealthcheck(given: FileHealthcheck, place: Place): Healthcheck {
  const file = typeof given === "string" ? { test: given } : given;
  const test = testOf(file.test, typeof given === "string" ? place : place.at("test"));
  if (file.disable === true || test?.[0] === "NONE") return { kind: "disabled" };
  return compact<Probe>({
    kind: "probe",
    test,
    interval: atLeastOneMillisecond(file.interval, place.at("interval")),
    timeout: atLeastOneMillisecond(file.timeout, place.at("timeout")),
    startPeriod: atLeastOneMillisecond(file.start_period, place.at("start_period")),
    startInterval: atLeastOneMillisecond(file.start_interval, place.at("start_interval")),
    retries: file.retries,
  });
}

function testOf(given: string | readonly string[] | undefined, place: Place): string[] | undefined {
  if (given === undefined) return undefined;
  if (typeof given === "string") {
    if (given.trim() === "") return place.invalid("is no command");
    return given === "NONE" ? ["NONE"] : ["CMD-SHELL", given];
  }
  const words = items(given, place).map(([word]) => word);
  const form = words[0] ?? "";
  const isValid =
    form === "NONE" || (form === "CMD" && words.length > 1) || (form === "CMD-SHELL" && words.length === 2);
  // A word that the schema refused is missing here, and has been reported.
  if (isValid || words.length < given.length) return words;
  const hint = "start the list with `CMD` and the words of a command, or with `CMD-SHELL` and one string";
  place.error({ code: "invalid-value", message: "this test is no command", hint });
  return undefined;
}

/** The engine refuses shorter times; 0 means its default. */
function atLeastOneMillisecond(given: string | number | undefined, place: Place): number | undefined {
  const milliseconds = normalizeDuration(given, place);
  if (milliseconds === undefined || milliseconds === 0 || milliseconds >= 1) return milliseconds;
  return place.invalid("is shorter than a millisecond");
}
