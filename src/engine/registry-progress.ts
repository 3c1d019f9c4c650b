import type { Credentials } from "./auth.ts";
import type { PullProgress } from "./image-calls.ts";
import { registryHost } from "./image-ref.ts";
import { asObject, asOptionalObject, asOptionalText, type JsonObject } from "./shape.ts";
import { jsonLines } from "./streams.ts";

/** What the engine tells of a transfer between itself and a registry, message by message. */
export async function* messages(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<JsonObject, void, void> {
  for await (const line of jsonLines(chunks)) yield asObject(line, "progress");
}

/** Credentials, or none, for `X-Registry-Auth`: base64url of JSON, with the padding without which engines read nothing. */
export function registryAuth(credentials: Credentials | undefined): string {
  const { username, password, identityToken, serverAddress } = credentials ?? {};
  const json = { username, password, identitytoken: identityToken, serveraddress: serverAddress };
  return Buffer.from(JSON.stringify(json)).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}

/** The error that a message tells, if it does. */
export function failureOf(message: JsonObject): string | undefined {
  const detail = asOptionalText(
    asOptionalObject(message["errorDetail"], "errorDetail")["message"],
    "errorDetail.message",
  );
  const text = detail === "" ? asOptionalText(message["error"], "error") : detail;
  return text === "" && message["error"] === undefined && message["errorDetail"] === undefined ? undefined : text;
}

/** How far a layer is, from a message. */
export function readProgress(message: JsonObject): PullProgress {
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

/** What to do about a registry's refusal, where its words say what it is. */
export function registryHint(ref: string, text: string): string | undefined {
  return HINTS.find(([pattern]) => pattern.test(text))?.[1](registryHost(ref));
}
