import type { WatchRule } from "./dev-model.ts";
import type { Service } from "./service-model.ts";

/** The rules by which files are kept in a service's containers in dev mode: those that name a place there. */
export function syncRules({ dev }: Service): readonly WatchRule[] {
  return (dev?.watch ?? []).filter(({ target }) => target !== undefined);
}
