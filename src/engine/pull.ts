import type { Call } from "./call.ts";
import { DockError } from "../error.ts";
import type { Credentials } from "./auth.ts";
import type { PullOptions, PullProgress } from "./image-calls.ts";
import { readable } from "./fault.ts";
import { registryHost, splitRef } from "./image-ref.ts";
import { asObject, asOptionalObject, asOptionalText, type JsonObject } from "./shape.ts";
import { jsonLines } from "./streams.ts";
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

async function* messages(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<JsonObject, void, void> {
  for await (const line of jsonLines(chunks)) yield asObject(line, "progress");
}

/** The engine reads the header as base64url of JSON. */
function registryAuth(credentials: Credentials): string {
  const { username, password, identityToken, serverAddress } = credentials;
  const json = { username, password, identitytoken: identityToken, serveraddress: serverAddress };
  return Buffer.from(JSON.stringify(json)).toString("base64url");
}

function failureOf(message: JsonObject): string | undefined {
  const detail = asOptionalText(
    asOptionalObject(message["errorDetail"], "errorDetail")["message"],
    "errorDetail.message",
  );
  const text = detail === "" ? asOptionalText(message["error"], "error") : detail;
  return text === "" && message["error"] === undefined && message["errorDetail"] === undefined ? undefined : text;
}

function readProgress(message: JsonObject): PullProgress {
  const detail = asOptionalObject(message["progressDetail"], "progressDetail");
  return {
    layer: asOptionalText(message["id"], "id"),
    status: asOptionalText(message["status"], "status"),
    ...(typeof detail["current"] === "number" ? { current: detail["current"] } : {}),
    ...(typeof detail["total"] === "number" ? { total: detail["total"] } : {}),
  };
}

const HINTS: readonly (readonly [RegExp, (host: string) => string])[] = [
  [/toomanyrequests|rate limit/i, (host) => `${host} limits pulls: log in with \`docker login\`, or wait`],
  [
    /unauthorized|authentication required|denied|no basic auth/i,
    (host) =>
      `log in with \`docker login${host === "docker.io" ? "" : ` ${host}`}\`, or check the name: private and missing images look the same`,
  ],
  [
    /no such host|server misbehaving|i\/o timeout|dial tcp|TLS handshake/i,
    (host) => `the engine cannot reach ${host}: check its network and DNS`,
  ],
  [/no matching manifest/i, () => "the image does not exist for this platform: set `platform`"],
  [/manifest unknown|not found|does not exist/i, () => "check the name and the tag"],
];

function pullFault(ref: string, message: string, cause?: DockError): DockError {
  const text = message === "" ? "the engine does not say why" : message;
  const hint = HINTS.find(([pattern]) => pattern.test(text))?.[1](registryHost(ref));
  return new DockError("engine-refused", cause ? text : `the engine could not pull "${ref}": ${text}`, {
    ...(cause && { cause }),
    ...(cause?.status !== undefined && { status: cause.status }),
    ...(hint !== undefined && { hint }),
  });
}
