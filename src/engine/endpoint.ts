import { DockError } from "../error.ts";

/** Where an engine listens. */
export type Endpoint =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "npipe"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

/** The endpoint that an address as in DOCKER_HOST names; `source` says in errors where the address stands. */
export function parseEndpoint(address: string, source: string): Endpoint {
  const match = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(address.trim());
  const scheme = (match?.[1] ?? "tcp").toLowerCase();
  const rest = match?.[2] ?? address.trim();
  switch (scheme) {
    case "unix":
      if (rest === "" || rest.startsWith("/")) return { kind: "unix", path: rest === "" ? DEFAULT_SOCKET : rest };
      throw badAddress(address, source);
    case "npipe":
      return { kind: "npipe", path: rest === "" ? "//./pipe/docker_engine" : rest };
    case "tcp":
    case "http":
      return parseTcp(rest, address, source);
    case "ssh":
      throw new DockError(
        "not-supported",
        `${source} names the engine "${address}": engines over ssh are not supported yet`,
        {
          hint: "forward the socket (`ssh -L /tmp/engine.sock:/var/run/docker.sock HOST`) and use unix:///tmp/engine.sock",
        },
      );
    case "https":
      throw tlsFault(source);
    default:
      throw badAddress(address, source);
  }
}

/** The socket of an engine that runs for the whole machine. */
export const DEFAULT_SOCKET = "/var/run/docker.sock";

/** The error for an engine that is only to be had over TLS. */
export function tlsFault(source: string): DockError {
  return new DockError("not-supported", `${source} asks for an engine over TLS, which is not supported yet`, {
    hint: "use a unix socket, or a tcp address without TLS in a network that you trust",
  });
}

function parseTcp(rest: string, address: string, source: string): Endpoint {
  if (!URL.canParse(`http://${rest}`) || rest === "") throw badAddress(address, source);
  const url = new URL(`http://${rest}`);
  if (url.hostname === "" || (url.pathname !== "/" && url.pathname !== "") || url.username !== "") {
    throw badAddress(address, source);
  }
  // URL drops the port 80 as the scheme's own, so it has to be read from the text.
  const port = url.port === "" ? (/:80\/?$/.test(rest) ? 80 : 2375) : Number(url.port);
  return { kind: "tcp", host: url.hostname, port };
}

function badAddress(address: string, source: string): DockError {
  return new DockError("engine-unreachable", `${source} is "${address}", which is no engine's address`, {
    hint: "write unix:///path/to/docker.sock or tcp://host:2375",
  });
}

/** The address for people: a socket's path, or `tcp://host:port`. */
export function endpointText(endpoint: Endpoint): string {
  return endpoint.kind === "tcp" ? `tcp://${endpoint.host}:${endpoint.port}` : endpoint.path;
}

/** True when paths of this machine mean nothing to the engine, as far as its address tells. */
export function isRemote(endpoint: Endpoint): boolean {
  return endpoint.kind === "tcp" && !/^(localhost|127(\.\d+){3}|\[::1\])$/i.test(endpoint.host);
}
