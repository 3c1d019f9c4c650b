import type { HealthBody } from "./container-body.ts";
import { isOlder } from "./container-spec.ts";

/** Nanoseconds between the checks of a container that is starting, where its file does not say. */
const START_INTERVAL = 500_000_000;

/** The engine's own, in nanoseconds. */
const DEFAULT_INTERVAL = 30_000_000_000;

/** The API of Engine 25, the first one that checks a starting container at another pace. */
const SINCE = "1.44";

/**
 * The health check as the engine is told it: one that does not say how soon it is first tried is tried twice a second
 * until its start period, or else its first interval, is over, instead of once at the end of that interval. Failures
 * before that count as little as they would without: there were no checks. It is no part of what the container should
 * be, so that no engine's upgrade replaces it.
 */
export function probedSoon(health: HealthBody, apiVersion: string): HealthBody {
  const { Test = [], Interval = DEFAULT_INTERVAL, StartPeriod = 0, StartInterval } = health;
  if (Test.length === 0 || Test[0] === "NONE" || StartInterval !== undefined || isOlder(apiVersion, SINCE))
    return health;
  if (Interval <= START_INTERVAL) return health;
  return { ...health, StartPeriod: StartPeriod === 0 ? Interval : StartPeriod, StartInterval: START_INTERVAL };
}
