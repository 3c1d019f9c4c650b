import type { Healthcheck as FileHealthcheck } from "./file.gen.ts";
import type { Healthcheck } from "./model.ts";
import { normalizeDuration } from "./quantities.ts";
import { compact, invalid, items, type Scope } from "./scope.ts";
import type { Path } from "./tree.ts";

type Probe = Extract<Healthcheck, { kind: "probe" }>;

/** A health check as the engine takes it; a string is a shell command. */
export function normalizeHealthcheck(given: FileHealthcheck, path: Path, scope: Scope): Healthcheck {
  const file = typeof given === "string" ? { test: given } : given;
  const at = (name: string): Path => [...path, name];
  const test = testOf(file.test, typeof given === "string" ? path : at("test"), scope);
  if (file.disable === true || test?.[0] === "NONE") return { kind: "disabled" };
  return compact<Probe>({
    kind: "probe",
    test,
    interval: normalizeDuration(file.interval, at("interval"), scope),
    timeout: normalizeDuration(file.timeout, at("timeout"), scope),
    startPeriod: normalizeDuration(file.start_period, at("start_period"), scope),
    startInterval: normalizeDuration(file.start_interval, at("start_interval"), scope),
    retries: file.retries,
  });
}

function testOf(given: string | readonly string[] | undefined, path: Path, scope: Scope): string[] | undefined {
  if (given === undefined) return undefined;
  if (typeof given === "string") {
    if (given.trim() === "") return invalid(scope, path, "is no command");
    return given === "NONE" ? ["NONE"] : ["CMD-SHELL", given];
  }
  const words = [...items(given)].map(([, word]) => word);
  const form = words[0] ?? "";
  const isValid =
    form === "NONE" || (form === "CMD" && words.length > 1) || (form === "CMD-SHELL" && words.length === 2);
  if (isValid) return words;
  const hint = "start the list with `CMD` and the words of a command, or with `CMD-SHELL` and one string";
  scope.findings.error(path, { code: "invalid-value", message: "this test is no command", hint });
  return undefined;
}
