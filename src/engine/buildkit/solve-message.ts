import { DockError } from "../../error.ts";
import { compareText } from "../../std/digest.ts";
import type { BuildRequest } from "./build-request.ts";
import { fields, MessageWriter } from "./pb.ts";

/** Paths of the methods of BuildKit's control service. */
export const CONTROL = {
  solve: "/moby.buildkit.v1.Control/Solve",
  status: "/moby.buildkit.v1.Control/Status",
  listWorkers: "/moby.buildkit.v1.Control/ListWorkers",
} as const;

/** Name under which a build offers the directory of its Dockerfile. */
export const DOCKERFILE = "dockerfile";

/** Puts the result into the engine's own image store. */
const STORE = "moby";

/** A build argument that names another Dockerfile frontend, as a `# syntax=` line would. */
const SYNTAX = "BUILDKIT_SYNTAX";

/** The serialized `SolveRequest` of a build. `ref` names the build for `Status`; `session` is who serves its sources. */
export function solveRequest(
  request: BuildRequest,
  { ref, session }: { readonly ref: string; readonly session: string },
): Buffer {
  const exporter = request.output?.kind ?? STORE;
  const output = exporter === STORE && request.tags.length > 0 ? [["name", request.tags.join(",")] as const] : [];
  const message = new MessageWriter()
    .text(1, ref)
    // Engines up to 25 read the one exporter of fields 3 and 4, later ones the list in field 13.
    .text(3, exporter)
    .map(4, output)
    .text(5, session)
    .text(6, frontendName(request))
    .map(7, sortedEntries(frontendAttributes(request)));
  if (request.cacheFrom.length > 0 || request.cacheTo.length > 0) message.bytes(8, cacheOptions(request));
  const entitlements = new Set([...(request.network === "host" ? ["network.host"] : []), ...request.entitlements]);
  for (const entitlement of entitlements) message.text(9, entitlement);
  return message.bytes(13, new MessageWriter().text(1, exporter).map(2, output).finish()).finish();
}

/** The frontend that reads a request's Dockerfile: the builder's own, or one that an argument names. */
export function frontendName({ args }: Pick<BuildRequest, "args">): string {
  return args[SYNTAX] === undefined ? "dockerfile.v0" : "gateway.v0";
}

/** Entries in an order that is the same each time. */
export function sortedEntries(map: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(map).sort(([a], [b]) => compareText(a, b));
}

function cacheOptions({ cacheFrom, cacheTo }: BuildRequest): Buffer {
  const options = new MessageWriter();
  for (const [field, entries] of [
    [4, cacheTo],
    [5, cacheFrom],
  ] as const) {
    for (const { type, attributes } of entries)
      options.bytes(field, new MessageWriter().text(1, type).map(2, Object.entries(attributes)).finish());
  }
  return options.finish();
}

/** What the Dockerfile frontend is told, by the names that it knows. */
export function frontendAttributes(request: BuildRequest): Record<string, string> {
  const attributes: Record<string, string> = {
    filename: request.dockerfileName,
    // "local" prefers an image that the engine has; "pull" asks the registry first.
    "image-resolve-mode": request.pull ? "pull" : "local",
  };
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined && value !== "") attributes[name] = value;
  };
  add("target", request.target);
  add("platform", request.platforms?.join(","));
  add("no-cache", request.noCacheStages.join(","));
  // Empty means all stages.
  if (request.noCache) attributes["no-cache"] = "";
  add("force-network-mode", request.network === "default" ? undefined : request.network);
  add("add-hosts", request.extraHosts.map(({ host, address }) => `${host}=${address}`).join(","));
  add("shm-size", request.shmSize?.toString());
  add("ulimit", request.ulimits.map(({ name, soft, hard }) => `${name}=${soft}:${hard}`).join(","));
  if (request.contextUrl !== undefined) {
    attributes["context"] = request.contextUrl;
    // Without this the Dockerfile is taken from the URL, even when one is offered.
    if (Object.hasOwn(request.sources, DOCKERFILE)) attributes["dockerfilekey"] = DOCKERFILE;
  }
  if (request.cacheFrom.length > 0) {
    const entries = request.cacheFrom.map(({ type, attributes: attrs }) => ({ Type: type, Attrs: attrs }));
    attributes["cache-imports"] = JSON.stringify(entries);
  }
  for (const [kind, value] of Object.entries(request.attestations)) attributes[`attest:${kind}`] = value;
  const syntax = request.args[SYNTAX];
  if (syntax !== undefined) {
    attributes["source"] = syntax.split(" ")[0] ?? "";
    attributes["cmdline"] = syntax;
  }
  for (const [name, value] of Object.entries(request.args)) attributes[`build-arg:${name}`] = value;
  for (const [name, value] of Object.entries(request.labels)) attributes[`label:${name}`] = value;
  for (const [name, value] of Object.entries(request.namedContexts)) attributes[`context:${name}`] = value;
  return attributes;
}

/** The exporter's answers in a serialized `SolveResponse`, by name. */
export function parseSolveResponse(message: Uint8Array): ReadonlyMap<string, string> {
  return stringMap(message, 1);
}

/** The labels of the builder's first worker, from a serialized `ListWorkersResponse`. */
export function parseWorkerLabels(message: Uint8Array): ReadonlyMap<string, string> {
  for (const field of fields(message)) {
    if (field.kind === "bytes" && field.number === 1) return stringMap(field.value, 2);
  }
  return new Map();
}

/** A map of texts, the field `number` of a serialized message. */
export function stringMap(message: Uint8Array, number: number): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (const field of fields(message)) {
    if (field.kind !== "bytes" || field.number !== number) continue;
    let [key, value] = ["", ""];
    for (const part of fields(field.value)) {
      if (part.kind !== "bytes") continue;
      if (part.number === 1) key = part.value.toString("utf8");
      else if (part.number === 2) value = part.value.toString("utf8");
    }
    map.set(key, value);
  }
  return map;
}

/** A message that names a build: `StatusRequest`. */
export function statusRequest(ref: string): Buffer {
  return new MessageWriter().text(1, ref).finish();
}

/** The id of the image that a solve has made. Throws `engine-broken` where the engine tells none. */
export function imageIdOf(response: ReadonlyMap<string, string>): string {
  const id = response.get("containerimage.digest") ?? response.get("containerimage.config.digest");
  if (id === undefined || !/^sha256:[0-9a-f]{64}$/.test(id)) {
    throw new DockError(
      "engine-broken",
      `the engine told no id of the built image (${[...response.keys()].join(", ")})`,
    );
  }
  return id;
}
