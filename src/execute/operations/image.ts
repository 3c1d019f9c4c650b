import { DockError } from "../../error.ts";
import { credentialsFor } from "../../engine/auth.ts";
import { registryHost } from "../../engine/image-ref.ts";
import type { Operation } from "../../plan/operation.ts";
import { buildUntilStable } from "../build-image.ts";
import type { Execution } from "../execution.ts";

/** Builds an image and puts its tags on. */
export async function buildImage(
  operation: Operation<"image.build">,
  execution: Execution,
  signal: AbortSignal,
): Promise<string> {
  return buildUntilStable(operation, execution, signal);
}

/** Pulls an image with the credentials of its registry. */
export async function pullImage(
  operation: Operation<"image.pull">,
  execution: Execution,
  signal: AbortSignal,
): Promise<undefined> {
  const { engine, emit, settings } = execution;
  const { ref, platform } = operation;
  const credentials = await credentialsFor(registryHost(ref), settings.env);
  await engine.pullImage(
    ref,
    {
      ...(platform === undefined ? {} : { platform }),
      ...(credentials === undefined ? {} : { credentials }),
      onProgress: ({ layer, status }) =>
        emit({ type: "pull-progress", ref, what: layer === "" ? status : `${layer} ${status}` }),
    },
    signal,
  );
}

/** Puts a tag on an image; a tag that names another one moves. */
export async function tagImage(
  operation: Operation<"image.tag">,
  { engine }: Execution,
  signal: AbortSignal,
): Promise<undefined> {
  await engine.tagImage(operation.from, operation.to, signal);
}

/** Removes a reference; one that is gone already counts as removed. */
export async function removeImage(
  operation: Operation<"image.remove">,
  { engine }: Execution,
  signal: AbortSignal,
): Promise<undefined> {
  try {
    await engine.removeImage(operation.ref, signal);
  } catch (error) {
    // Of an image's tags that are removed at once, older engines fail over the last one after they have removed it.
    if (!(error instanceof DockError) || error.status === undefined) throw error;
    if (await engine.inspectImage(operation.ref, signal)) throw error;
  }
}
