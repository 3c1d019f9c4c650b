import { DockError } from "../error.ts";
import { parseDuration } from "../std/duration.ts";
import type { ConvergeOptions } from "./converge.ts";

/** What `--wait-timeout` says about a run. */
export function readyOptions(text: string | undefined): ConvergeOptions {
  return text === undefined ? {} : { readyTimeout: milliseconds(text, "--wait-timeout") };
}

/** Whole seconds of `--timeout`: how long containers get to stop; undefined when it was not given. */
export function stopTimeout(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Math.ceil(milliseconds(text, "--timeout") / 1000);
}

/** Seconds since the epoch, with decimals, of a time ("2026-01-31T12:00:00", 1700000000) or a duration before now ("10m"). */
export function secondsOption(text: string | undefined, option: string): string | undefined {
  if (text === undefined) return undefined;
  if (/^\d{9,}(\.\d+)?$/.test(text)) return text;
  const ago = parseDuration(text);
  if (ago !== undefined) return ((Date.now() - ago) / 1000).toFixed(3);
  const time = Date.parse(text);
  if (!Number.isNaN(time)) return (time / 1000).toFixed(3);
  throw new DockError("usage", `${option} takes a time or a duration like 10m, not "${text}"`);
}

function milliseconds(text: string, option: string): number {
  const parsed = parseDuration(text);
  if (parsed !== undefined) return parsed;
  throw new DockError("usage", `${option} takes a duration like 30s or 5m, not "${text}"`);
}
