import { imageIdOf } from "./input-digest.ts";
import { allMounts, type EffectiveService } from "./mode.ts";
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
  const asked = slots.flatMap(({ service }) => externalImages(service).map((ref) => ({ service, ref })));
  for (const { service, ref } of asked) {
    if (pulls.has(ref)) continue;
    const there = imageIdOf(to.observed, ref) !== undefined;
    const always = to.request.pull || service.pull === "always";
    if (service.pull === "never" ? there : there && !always) continue;
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
  return pulls;
}

/** References of the images that a service's containers need and that are not the project's: what it runs, what it mounts. */
export function externalImages(service: EffectiveService): readonly string[] {
  const run = service.image.kind === "external" ? [service.image.ref] : [];
  const mounted = allMounts(service).flatMap((mount) => (mount.kind === "image" ? [mount.image] : []));
  return [...run, ...mounted];
}
