import { DockError } from "../error.ts";

/** Where an engine listens. */
export type Endpoint =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "npipe"; readonly path: string }
  | TcpEndpoint
  | SshEndpoint;

export interface TcpEndpoint {
  readonly kind: "tcp";
  readonly host: string;
  readonly port: number;
  /** Present when the engine is to be reached over TLS. */
  readonly tls?: TlsIdentity;
}

/** What a TLS connection is made with, in PEM. */
export interface TlsIdentity {
  /** Who may vouch for the engine; undefined is the machine's own list. */
  readonly ca?: Buffer;
  /** What proves who this side is. */
  readonly client?: { readonly cert: Buffer; readonly key: Buffer };
  /** Set only where the engine's certificate is not to be checked, which only a docker context can say. */
  readonly unverified?: true;
}

/** An engine that a `docker` command on another machine speaks to. */
export interface SshEndpoint {
  readonly kind: "ssh";
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
  /** The engine's socket on that machine, where it is not what `docker` uses there. */
  readonly socket?: string;
}

/** The endpoint that an address as in DOCKER_HOST names; `source` says in errors where the address stands. */
export function parseEndpoint(address: string, source: string, defaultPort = 2375): Endpoint {
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
      return parseTcp(rest, { address, source, defaultPort });
    case "https":
      return { ...parseTcp(rest, { address, source, defaultPort: TLS_PORT }), tls: {} };
    case "ssh":
      return parseSsh(rest, { address, source });
    default:
      throw badAddress(address, source);
  }
}

/** The socket of an engine that runs for the whole machine. */
export const DEFAULT_SOCKET = "/var/run/docker.sock";

/** Where engines listen that speak TLS. */
export const TLS_PORT = 2376;

function parseTcp(
  rest: string,
  of: { readonly address: string; readonly source: string; readonly defaultPort: number },
): TcpEndpoint {
  if (!URL.canParse(`http://${rest}`) || rest === "") throw badAddress(of.address, of.source);
  const url = new URL(`http://${rest}`);
  if (url.hostname === "" || (url.pathname !== "/" && url.pathname !== "") || url.username !== "") {
    throw badAddress(of.address, of.source);
  }
  // URL drops the port 80 as the scheme's own, so it has to be read from the text.
  const port = url.port === "" ? (/:80\/?$/.test(rest) ? 80 : of.defaultPort) : Number(url.port);
  return { kind: "tcp", host: url.hostname, port };
}

/** What ssh is given as a user or a host must not be taken for an option or hold what a shell would act on. */
const SSH_WORD = /^[\w.][\w.+%-]*$/;

function parseSsh(rest: string, { address, source }: { readonly address: string; readonly source: string }): Endpoint {
  const url = URL.canParse(`ssh://${rest}`) ? new URL(`ssh://${rest}`) : undefined;
  if (url === undefined || url.search !== "" || url.hash !== "") throw badAddress(address, source);
  if (url.password !== "") {
    throw new DockError("engine-unreachable", `${source} holds a password, which dock gives to no command`, {
      hint: "use a key: `ssh-copy-id` puts it there, ssh-agent keeps its passphrase",
    });
  }
  const user = decodeURIComponent(url.username);
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (!(SSH_WORD.test(host) || /^[\da-f:]+(%\w+)?$/i.test(host)) || (user !== "" && !SSH_WORD.test(user))) {
    throw badAddress(address, source);
  }
  const socket = decodeURIComponent(url.pathname);
  return {
    kind: "ssh",
    host,
    ...(user === "" ? {} : { user }),
    ...(url.port === "" ? {} : { port: Number(url.port) }),
    ...(socket === "" || socket === "/" ? {} : { socket }),
  };
}

function badAddress(address: string, source: string): DockError {
  return new DockError("engine-unreachable", `${source} is "${address}", which is no engine's address`, {
    hint: "write unix:///path/to/docker.sock, tcp://host:2376 or ssh://user@host",
  });
}

/** The address for people: a socket's path, `tcp://host:port` or `ssh://user@host`. */
export function endpointText(endpoint: Endpoint): string {
  if (endpoint.kind === "tcp") return `tcp://${endpoint.host}:${endpoint.port}`;
  if (endpoint.kind !== "ssh") return endpoint.path;
  const { user, host, port, socket } = endpoint;
  const name = host.includes(":") ? `[${host}]` : host;
  return `ssh://${user === undefined ? "" : `${user}@`}${name}${port === undefined ? "" : `:${port}`}${socket ?? ""}`;
}

/** True when paths of this machine mean nothing to the engine, as far as its address tells. */
export function isRemote(endpoint: Endpoint): boolean {
  if (endpoint.kind === "ssh") return true;
  return endpoint.kind === "tcp" && !/^(localhost|127(\.\d+){3}|\[::1\])$/i.test(endpoint.host);
}
