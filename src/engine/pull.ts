import type { Call } from "./call.ts";
import { DockError } from "../error.ts";
import type { PullOptions } from "./image-calls.ts";
import { readable } from "./fault.ts";
import { splitRef } from "./image-ref.ts";
import { failureOf, messages, readProgress, registryAuth, registryHint } from "./registry-progress.ts";
import type { Transport } from "./transport.ts";

/**
 * Has the engine pull a reference. An error that stands in the progress is an error here; that the image is there
 * afterwards is for the caller to see, because an engine that breaks off cleanly says nothing.
 */
export async function pullImage(
  transport: Transport,
  request: PullOptions & { readonly ref: string },
  signal: AbortSignal,
): Promise<void> {
  const { ref, platform, credentials, onProgress } = request;
  const { name, tag } = splitRef(ref);
  const call: Call = {
    what: `pull "${ref}"`,
    method: "POST",
    path: "/images/create",
    query: { fromImage: name, tag, platform },
    ...(credentials && { headers: { "X-Registry-Auth": registryAuth(credentials) } }),
    deadlineMs: transport.deadlines.idle,
  };
  try {
    for await (const message of readable(call.what, messages(transport.chunks(call, signal)))) {
      const failure = failureOf(message);
      if (failure !== undefined) throw pullFault(ref, failure);
      onProgress(readProgress(message));
    }
  } catch (error) {
    if (error instanceof DockError && error.status !== undefined) throw pullFault(ref, error.message, error);
    throw error;
  }
}

function pullFault(ref: string, message: string, cause?: DockError): DockError {
  const text = message === "" ? "the engine does not say why" : message;
  const hint = registryHint(ref, text);
  return new DockError("engine-refused", cause ? text : `the engine could not pull "${ref}": ${text}`, {
    ...(cause && { cause }),
    ...(cause?.status !== undefined && { status: cause.status }),
    ...(hint !== undefined && { hint }),
  });
}
