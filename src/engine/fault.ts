import { DockError } from "../error.ts";
import { endpointText, type Endpoint } from "./endpoint.ts";
import { ShapeError } from "./shape.ts";
import { plainFault, tlsFault } from "./tls-fault.ts";

/** What was asked of the engine, for the messages of errors: `create container "shop-web-1"`. */
export type CallName = string;

/** The error for an HTTP status that the call does not accept. `status` is kept for callers that can go on from it. */
export function statusFault(what: CallName, status: number, body: string): DockError {
  const message = engineMessage(body);
  if (message === undefined) {
    if (/HTTP request to an HTTPS server/i.test(body)) return plainFault();
    return new DockError("engine-broken", `the engine could not ${what}: it answered ${status} without saying why`, {
      status,
      ...(body.trim() === "" ? {} : { detail: body.slice(0, 400) }),
      hint: "if the engine is behind a proxy, look at the proxy; the engine's own log may say more",
    });
  }
  const hint = statusHint(status, message);
  return new DockError("engine-refused", `the engine could not ${what}: ${message}`, {
    status,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** What the engine, and programs in its containers, say when there is no room left. */
export const FULL_DISK = /no space left on device/i;

/** What to do then. */
export const FULL_DISK_HINT = "the engine's disk is full: `docker system df` shows what takes the room";

const STATUS_HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /port is already allocated|address already in use/i,
    "something else uses that port: free it or publish another one",
  ],
  [/no such image/i, "it was removed meanwhile: run again, and it is built or pulled anew"],
  [FULL_DISK, FULL_DISK_HINT],
  [
    /could not find an available.*address pool|all predefined address pools/i,
    "the engine has no subnet left: take projects down that you don't need (`dock ls --all` lists them), or remove unused networks with `docker network prune`",
  ],
  [
    /no available IPv[46] addresses/i,
    "the network has no address left for a further container: give it a larger subnet with `ipam`",
  ],
  [/has active endpoints/i, "containers are still on that network: disconnect or remove them"],
  [
    /client version [\d.]+ is too (new|old)/i,
    "unset DOCKER_API_VERSION, or set it to a version that the engine speaks",
  ],
];

function statusHint(status: number, message: string): string | undefined {
  const known = STATUS_HINTS.find(([pattern]) => pattern.test(message));
  if (known) return known[1];
  return status === 403 || status === 401 ? "the engine or a plug-in of it forbids this call to you" : undefined;
}

/** The text in an engine's error body, or undefined when the body is not one. */
function engineMessage(body: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== "object" || parsed === null || !("message" in parsed)) return undefined;
    const message = String(parsed.message).trim().replace(/\.$/, "");
    return message === "" ? undefined : message;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The error for a connection that could not be made, or that broke while the engine was at work on `what`. */
export function connectionFault(what: CallName, error: unknown, endpoint: Endpoint): DockError {
  if (error instanceof DockError) return error;
  const place = endpointText(endpoint);
  const details = { cause: error };
  switch (errnoOf(error)) {
    case "ENOENT":
      return new DockError("engine-unreachable", `there is no engine at ${place}`, {
        ...details,
        hint: NO_ENGINE_HINT,
      });
    case "ECONNREFUSED":
      return new DockError("engine-unreachable", `no engine answers at ${place}`, {
        ...details,
        hint: "start the engine that listens there, or name another one with -H or DOCKER_HOST",
      });
    case "EACCES":
    case "EPERM":
      return new DockError("engine-denied", `you are not allowed to use the engine at ${place}`, {
        ...details,
        hint: "add yourself to the socket's group (`sudo usermod -aG docker $USER`, then log in again), or use a rootless engine",
      });
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new DockError("engine-unreachable", `the host of the engine at ${place} is not known`, {
        ...details,
        hint: "check the name in -H, DOCKER_HOST or the docker context",
      });
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "ENOTSOCK":
      return new DockError("engine-unreachable", `the engine at ${place} cannot be reached`, {
        ...details,
        hint: "check the address, the network and the firewall",
      });
    default:
      return tlsFault(error, place) ?? brokenFault(what, error);
  }
}

const NO_ENGINE_HINT = "install or start Docker, or name an engine with -H, DOCKER_HOST or a docker context";

/** The error for an answer that ended early or is not what the Engine API promises. */
export function brokenFault(what: CallName, error: unknown): DockError {
  if (error instanceof DockError) return error;
  const why = error instanceof ShapeError ? error.message : error instanceof SyntaxError ? "it is not JSON" : undefined;
  const hint = "the engine may have been stopped or restarted; dock can be run again, it goes on from what is there";
  if (why !== undefined) {
    return new DockError("engine-broken", `the engine's answer to "${what}" cannot be used: ${why}`, {
      cause: error,
      hint,
    });
  }
  return new DockError("engine-broken", `the engine broke off while it was asked to ${what}`, { cause: error, hint });
}

/** Whether an error says that an answer is not what the Engine API promises, rather than that dock has a bug. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof ShapeError || error instanceof SyntaxError;
}

/** The items of a stream that is decoded on the way; what cannot be decoded is an error of the engine. */
export async function* readable<T>(what: CallName, items: AsyncIterable<T>): AsyncGenerator<T, void, void> {
  try {
    yield* items;
  } catch (error) {
    throw isUnreadable(error) ? brokenFault(what, error) : error;
  }
}

/** The error for an engine that did not answer, or went silent, for `milliseconds`. */
export function stallFault(what: CallName, milliseconds: number): DockError {
  const seconds = Math.max(1, Math.round(milliseconds / 1000));
  return new DockError("engine-broken", `the engine was silent for ${seconds} s when it was asked to ${what}`, {
    hint: "it may be overloaded or hung; dock can be run again when it answers",
  });
}

function errnoOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) return errnoOf(error.errors[0]);
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  // A write to a connection that the engine has closed has a system call too; only failed connects tell about the endpoint.
  if ("syscall" in error && error.syscall !== "connect" && error.syscall !== "getaddrinfo") return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
