import { DockError } from "../error.ts";
import type { Call } from "./call.ts";
import { readable } from "./fault.ts";
import type { PushOptions } from "./image-calls.ts";
import { registryHost, splitRef } from "./image-ref.ts";
import { failureOf, messages, readProgress, registryAuth, registryHint } from "./registry-progress.ts";
import { route } from "./route.ts";
import { asOptionalObject, asOptionalText, type JsonObject } from "./shape.ts";
import type { Transport } from "./transport.ts";

/** Has the engine push a reference; gives the digest that the registry knows it by, where the engine tells. */
export async function pushImage(
  transport: Transport,
  { ref, credentials, onProgress }: PushOptions & { readonly ref: string },
  signal: AbortSignal,
): Promise<string | undefined> {
  const { name, tag } = splitRef(ref);
  const call: Call = {
    what: `push "${ref}"`,
    method: "POST",
    path: route`/images/${name}/push`,
    query: { tag },
    // The engine refuses a push without the header, also where there is nothing to say.
    headers: { "X-Registry-Auth": registryAuth(credentials) },
    deadlineMs: transport.deadlines.idle,
  };
  let digest: string | undefined;
  try {
    for await (const message of readable(call.what, messages(transport.chunks(call, signal)))) {
      const failure = failureOf(message);
      if (failure !== undefined) throw pushFault(ref, failure);
      digest = digestIn(message) ?? digest;
      onProgress(readProgress(message));
    }
  } catch (error) {
    if (error instanceof DockError && error.status !== undefined) throw pushFault(ref, error.message, error);
    throw error;
  }
  return digest;
}

/** The classic image store tells it as data, the containerd one only in words. */
function digestIn(message: JsonObject): string | undefined {
  const told = asOptionalText(asOptionalObject(message["aux"], "aux")["Digest"], "aux.Digest");
  if (told !== "") return told;
  return / digest: (sha256:[0-9a-f]{64}) /.exec(asOptionalText(message["status"], "status"))?.[1];
}

function pushFault(ref: string, message: string, cause?: DockError): DockError {
  const text = message === "" ? "the engine does not say why" : message;
  const hint = registryHint(ref, text);
  return new DockError(
    "engine-refused",
    cause ? text : `the engine could not push "${ref}" to ${registryHost(ref)}: ${text}`,
    {
      ...(cause && { cause }),
      ...(cause?.status !== undefined && { status: cause.status }),
      ...(hint !== undefined && { hint }),
    },
  );
}
