import { compareText } from "../std/digest.ts";
import type { DependsOn } from "./file.gen.ts";
import { quote, type Mistake } from "./findings.ts";
import type { Dependency } from "./readiness-model.ts";
import { items, members, type Place } from "./place.ts";

const CONDITIONS = {
  service_started: "started",
  service_healthy: "healthy",
  service_completed_successfully: "completed",
} as const;

/** What a service waits for: a list in its order, a map by name. Names that are no other service are reported and left out. */
export function normalizeDependencies(given: DependsOn | undefined, service: string, place: Place): Dependency[] {
  const dependencies = new Map<string, Dependency>();
  if (Array.isArray(given)) {
    for (const [name, at] of items(given, place)) {
      const mistake = mistakeIn(name, service, { at, written: at.written() });
      if (mistake) at.error(mistake);
      else dependencies.set(name, { service: name, condition: "started", required: true, restart: false });
    }
    return [...dependencies.values()];
  }
  for (const [name, { condition = "service_started", required = true, restart = false }, at] of members(given, place)) {
    const mistake = mistakeIn(name, service, { at, written: quote(name) });
    if (mistake) at.errorAtKey(mistake);
    else dependencies.set(name, { service: name, condition: CONDITIONS[condition], required, restart });
  }
  return [...dependencies.values()].toSorted((a, b) => compareText(a.service, b.service));
}

function mistakeIn(
  name: string,
  service: string,
  { at, written }: { at: Place; written: string },
): Mistake | undefined {
  if (name === service) return { code: "dependency-cycle", message: "a service can't wait for itself" };
  const { declared, findings } = at.scope;
  if (declared.services.has(name)) return undefined;
  const others = [...declared.services].filter((other) => other !== service);
  return {
    code: "unknown-service",
    message: `${written} is no service of this project`,
    hint: findings.suggest(name, others),
  };
}
