import { connect } from "node:net";
import type { Duplex } from "node:stream";
import type { Endpoint } from "./endpoint.ts";

/** Makes one connection to an engine. What fails shows as the connection's error. */
export type Dial = () => Duplex;

/** Where an engine is and how a connection to it is made. */
export interface Reach {
  readonly endpoint: Endpoint;
  readonly dial: Dial;
}

/** What connections to an endpoint are made with; what it takes is loaded here, and nothing is dialed. */
export async function dialer(endpoint: Endpoint): Promise<Dial> {
  switch (endpoint.kind) {
    case "unix":
    case "npipe":
      return () => connect(endpoint.path);
    case "tcp": {
      const host = bareHost(endpoint.host);
      if (endpoint.tls === undefined) return () => connect(endpoint.port, host);
      const { tlsDialer } = await import("./tls-connection.ts");
      return tlsDialer({ ...endpoint, host }, endpoint.tls);
    }
    case "ssh": {
      const { sshDialer } = await import("./ssh-connection.ts");
      return sshDialer(endpoint);
    }
  }
}

/** Whether a connection takes so long to make that one which is free should be used again. */
export function isSlowToDial(endpoint: Endpoint): boolean {
  return endpoint.kind === "ssh";
}

/** An IPv6 address stands in brackets only in texts. */
function bareHost(host: string): string {
  return host.startsWith("[") ? host.slice(1, -1) : host;
}
