import { unmetNeeds } from "./container-spec.ts";
import type { ObservedEngine } from "./observed.ts";
import type { Conflict } from "./plan-builder.ts";
import type { WantedSlot } from "./wanted.ts";

/** What the services ask for and this engine would leave out without a word, once for each service. */
export function engineConflicts(slots: readonly WantedSlot[], engine: ObservedEngine): readonly Conflict[] {
  return slots
    .filter(({ slot }) => slot.number === 1)
    .flatMap(({ slot, spec }) =>
      unmetNeeds(spec, engine.apiVersion).map(({ what, release }): Conflict => ({
        kind: "engine-too-old",
        name: slot.service,
        message: `service ${slot.service} asks for ${what}: that takes Docker Engine ${release} or newer, and this one speaks API ${engine.apiVersion}`,
        hint: `upgrade the engine, or leave it out of service ${slot.service}`,
      })),
    );
}
