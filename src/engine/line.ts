import { Agent } from "node:http";
import { inspect } from "node:util";
import type Docker from "dockerode";
import { DockError } from "../error.ts";
import { isSlowToDial, type Reach } from "./dial.ts";
import type { Endpoint } from "./endpoint.ts";

/** Where the engine is, and what requests to it are made with. */
export interface Line {
  readonly endpoint: Endpoint;
  readonly modem: Docker["modem"];
  /** Lets kept connections go; those in use belong to whoever uses them. */
  close(): void;
}

/** What requests to an engine are made with. */
export async function openLine(reach: Reach): Promise<Line> {
  const { default: Docker } = await import("dockerode");
  const agent = newAgent(reach);
  const { modem } = construct(() => new Docker(modemOptions(reach.endpoint, agent)));
  followNoRedirections(modem as unknown as RequestBuilder);
  return { endpoint: reach.endpoint, modem, close: () => agent.destroy() };
}

/** The modem reads the environment even when nothing of it is wanted. */
function construct<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new DockError("usage", `the environment's settings for docker cannot be used: ${String(error)}`, {
      cause: error,
      hint: "check DOCKER_HOST and DOCKER_CERT_PATH, or unset them",
    });
  }
}

/** The part of the modem that its types keep to themselves. */
interface RequestBuilder {
  buildRequest: (options: object, ...rest: unknown[]) => void;
}

/** Followed redirections are requests that nobody listens to: an error of one would end the process. */
function followNoRedirections(modem: RequestBuilder): void {
  const build = modem.buildRequest.bind(modem);
  modem.buildRequest = (options, ...rest) => build({ ...options, maxRedirects: 0 }, ...rest);
}

/** Every option is written out because the modem fills what is absent from the environment. */
function modemOptions(endpoint: Endpoint, agent: Agent): Docker.DockerOptions {
  const common = {
    agent,
    protocol: "http",
    version: undefined,
    timeout: undefined,
    ca: undefined,
    cert: undefined,
    key: undefined,
  } as const;
  // The agent makes the connections: for the modem, TLS and ssh are plain HTTP.
  switch (endpoint.kind) {
    case "tcp":
      return { ...common, host: `http://${endpoint.host}`, port: endpoint.port };
    case "ssh":
      return { ...common, host: "http://localhost", port: 80 };
    default:
      return { ...common, host: undefined, socketPath: endpoint.path };
  }
}

function newAgent({ endpoint, dial }: Reach): Agent {
  // A kept connection that the engine closes while idle would look like a fault of the next call. Where making one takes
  // its time it is kept all the same, for seconds.
  const agent = new Agent({ keepAlive: isSlowToDial(endpoint) });
  return Object.assign(agent, {
    createConnection: dial,
    // For its debug log, the modem prints the agent with all its sockets at every request, even when nobody reads the
    // log: 3 ms for one request, 10 ms for each of a hundred at once.
    [inspect.custom]: () => "Agent",
  });
}
