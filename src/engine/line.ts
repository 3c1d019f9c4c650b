import { Agent } from "node:http";
import { inspect } from "node:util";
import type Docker from "dockerode";
import { DockError } from "../error.ts";
import type { Endpoint } from "./endpoint.ts";

/** Where the engine is, and what requests to it are made with. */
export interface Line {
  readonly endpoint: Endpoint;
  readonly modem: Docker["modem"];
}

/** What requests to an engine are made with. */
export async function openLine(endpoint: Endpoint): Promise<Line> {
  const { default: Docker } = await import("dockerode");
  const { modem } = construct(() => new Docker(modemOptions(endpoint)));
  followNoRedirections(modem as unknown as RequestBuilder);
  return { endpoint, modem };
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
function modemOptions(endpoint: Endpoint): Docker.DockerOptions {
  const common = {
    agent: newAgent(),
    protocol: "http",
    version: undefined,
    timeout: undefined,
    ca: undefined,
    cert: undefined,
    key: undefined,
  } as const;
  if (endpoint.kind === "tcp") return { ...common, host: `http://${endpoint.host}`, port: endpoint.port };
  return { ...common, host: undefined, socketPath: endpoint.path };
}

function newAgent(): Agent {
  // A kept connection that the engine closes while idle would look like a fault of the next call.
  const agent = new Agent({ keepAlive: false });
  // For its debug log, the modem prints the agent with all its sockets at every request, even when nobody reads the
  // log: 3 ms for one request, 10 ms for each of a hundred at once.
  return Object.assign(agent, { [inspect.custom]: () => "Agent" });
}
