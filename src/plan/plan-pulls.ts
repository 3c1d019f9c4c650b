import { imageIdOf } from "./input-digest.ts";
import type { Observed } from "./observed.ts";
import type { PlanBuilder } from "./plan-builder.ts";
import type { ActionId } from "./plan.ts";
import type { Reason } from "./reason.ts";
import type { PlanRequest } from "./request.ts";
import type { WantedSlot } from "./wanted.ts";

/** Pulls of external images that are missing, or always where the service asks for it. */
export function planPulls(
  slots: readonly WantedSlot[],
  to: { readonly builder: PlanBuilder; readonly request: PlanRequest; readonly observed: Observed },
): ReadonlyMap<string, ActionId> {
  const pulls = new Map<string, ActionId>();
  for (const { service } of slots) {
    if (service.image.kind !== "external" || pulls.has(service.image.ref)) continue;
    const { ref } = service.image;
    const there = imageIdOf(to.observed, ref) !== undefined;
    const always = to.request.pull || service.pull === "always";
    if (service.pull === "never" ? !there : !there || always) {
      if (service.pull === "never") {
        to.builder.conflicts.push({
          kind: "not-built",
          name: ref,
          message: `image ${ref} is not on the engine and service ${service.key} says "pull: never"`,
          hint: `pull it with "docker pull ${ref}", or remove "pull: never"`,
        });
        continue;
      }
      const platform = service.platform === undefined ? {} : { platform: service.platform };
      const reasons: readonly Reason[] = [{ code: there ? "forced" : "missing" }];
      pulls.set(ref, to.builder.add(`image:${ref}`, { kind: "image.pull", ref, ...platform }, { reasons }));
    }
  }
  return pulls;
}
