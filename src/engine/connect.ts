import { existsSync } from "node:fs";
import { join } from "node:path";
import { closest } from "../std/closest.ts";
import { sha256 } from "../std/digest.ts";
import { readdir } from "node:fs/promises";
import { DockError } from "../error.ts";
import { dockerEngine } from "./docker.ts";
import { dockerConfigDir, homeDir, readDockerConfig, readJsonFile, type Environment } from "./docker-config.ts";
import { DEFAULT_SOCKET, parseEndpoint, TLS_PORT, type Endpoint, type TlsIdentity } from "./endpoint.ts";
import type { Engine } from "./engine.ts";
import { asOptionalObject, asOptionalText } from "./shape.ts";
import { DEADLINES, type Deadlines } from "./call.ts";
import { environmentTls, readIdentity } from "./tls-identity.ts";
import { Transport } from "./transport.ts";

/** What decides which engine is meant. */
export interface EngineChoice {
  /** `-H`. */
  readonly host?: string;
  /** `--engine-context`. */
  readonly context?: string;
  readonly env: Environment;
}

/**
 * The engine that the user means, chosen as the docker command does: -H, --engine-context, DOCKER_HOST,
 * DOCKER_CONTEXT, the current context of its configuration, the machine's own socket. Nothing is read or dialed
 * before the first call, which is where a wrong choice shows; the caller closes it.
 */
export function connectEngine(choice: EngineChoice, deadlines: Partial<Deadlines> = {}): Engine {
  const apiVersion = choice.env["DOCKER_API_VERSION"];
  const endpoint = (): Promise<Endpoint> => findEndpoint(choice);
  return dockerEngine(new Transport({ endpoint, apiVersion, deadlines: { ...DEADLINES, ...deadlines } }));
}

/** Where the engine that the user means listens. */
export async function findEndpoint(choice: EngineChoice): Promise<Endpoint> {
  const { host, context, env } = choice;
  if (host !== undefined && context !== undefined) {
    throw new DockError("usage", "-H and --engine-context both name an engine", { hint: "leave one of them out" });
  }
  if (host !== undefined) return addressEndpoint(host, "-H", env);
  if (context !== undefined) return contextEndpoint(context, "--engine-context", env);
  const fromEnv = env["DOCKER_HOST"];
  if (fromEnv !== undefined && fromEnv !== "") return addressEndpoint(fromEnv, "DOCKER_HOST", env);
  const named = env["DOCKER_CONTEXT"];
  if (named !== undefined && named !== "") return contextEndpoint(named, "DOCKER_CONTEXT", env);
  const current = (await readDockerConfig(env))["currentContext"];
  if (typeof current === "string" && current !== "") {
    return contextEndpoint(current, `currentContext in ${join(dockerConfigDir(env), "config.json")}`, env);
  }
  return defaultEndpoint(env);
}

/** The endpoint at an address, over TLS where the environment or the address asks for it. */
async function addressEndpoint(address: string, source: string, env: Environment): Promise<Endpoint> {
  const plain = parseEndpoint(address, source);
  if (plain.kind !== "tcp") return plain;
  const tls = await environmentTls(env);
  return tls === undefined ? plain : overTls(parseEndpoint(address, source, TLS_PORT), tls);
}

function overTls(endpoint: Endpoint, tls: TlsIdentity): Endpoint {
  return endpoint.kind === "tcp" ? { ...endpoint, tls } : endpoint;
}

async function contextEndpoint(name: string, source: string, env: Environment): Promise<Endpoint> {
  if (name === "default") return defaultEndpoint(env);
  const contexts = join(dockerConfigDir(env), "contexts");
  const meta = await readJsonFile(join(contexts, "meta", sha256(name), "meta.json"));
  if (meta === undefined) throw await unknownContext(name, source, join(contexts, "meta"));
  const docker = asOptionalObject(asOptionalObject(meta["Endpoints"], "Endpoints")["docker"], "Endpoints.docker");
  const host = asOptionalText(docker["Host"], "Host");
  const where = `the docker context "${name}" (${source})`;
  const material = join(contexts, "tls", sha256(name), "docker");
  const unverified = docker["SkipTLSVerify"] === true;
  const secure = unverified || existsSync(material);
  const endpoint = host === "" ? defaultEndpoint(env) : parseEndpoint(host, where, secure ? TLS_PORT : undefined);
  if (endpoint.kind !== "tcp" || !(secure || endpoint.tls)) return endpoint;
  return overTls(endpoint, { ...(await readIdentity(material)), ...(unverified ? { unverified } : {}) });
}

async function unknownContext(name: string, source: string, directory: string): Promise<DockError> {
  const known: string[] = [];
  if (existsSync(directory)) {
    for (const entry of await readdir(directory)) {
      const meta = await readJsonFile(join(directory, entry, "meta.json"));
      if (typeof meta?.["Name"] === "string") known.push(meta["Name"]);
    }
  }
  const meant = closest(name, known);
  const hint =
    meant === undefined ? `known contexts: ${["default", ...known.sort()].join(", ")}` : `did you mean "${meant}"?`;
  return new DockError("engine-unreachable", `there is no docker context "${name}" (${source})`, { hint });
}

/** The machine's own engine; where it has none, the user's own, if its socket is there. */
function defaultEndpoint(env: Environment): Endpoint {
  if (process.platform === "win32") return { kind: "npipe", path: "//./pipe/docker_engine" };
  const runtimeDir = env["XDG_RUNTIME_DIR"];
  const candidates = [
    DEFAULT_SOCKET,
    join(homeDir(env), ".docker/run/docker.sock"),
    ...(runtimeDir === undefined || runtimeDir === "" ? [] : [join(runtimeDir, "docker.sock")]),
  ];
  return { kind: "unix", path: candidates.find((path) => existsSync(path)) ?? DEFAULT_SOCKET };
}
