import { DockError } from "../error.ts";
import { imageIdOf } from "../plan/input-digest.ts";
import type { WantedSlot } from "../plan/wanted.ts";
import type { Execution } from "./execution.ts";

/** What a slot's container is created from: a reference and the id behind it now. */
export interface SlotImageNow {
  readonly ref: string;
  readonly id: string;
  /** Of an own image. */
  readonly inputDigest?: string;
}

/** The image of a slot as this run has left it: built, pulled or there before. */
export async function currentImage(
  execution: Execution,
  wanted: WantedSlot,
  signal: AbortSignal,
): Promise<SlotImageNow> {
  const { image } = wanted.service;
  if (image.kind === "built") {
    const made = execution.made.images.get(image.key);
    if (!made) throw new Error(`image ${image.key} is neither there nor built by this plan`);
    return { ref: made.ref, id: made.id, inputDigest: made.digest };
  }
  const pulled = execution.reconciled.plan.actions.some(
    ({ operation }) => operation.kind === "image.pull" && operation.ref === image.ref,
  );
  const known = pulled ? undefined : imageIdOf(execution.observed, image.ref);
  if (known !== undefined) return { ref: image.ref, id: known };
  const found = await execution.engine.inspectImage(image.ref, signal);
  if (!found)
    throw new DockError("operation-failed", `image ${image.ref} is not on the engine any more`, {
      hint: `pull it with "docker pull ${image.ref}" and run again`,
    });
  return { ref: image.ref, id: found.id };
}
