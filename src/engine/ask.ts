import { type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import { connect, type Socket } from "node:net";
import { connectionFault } from "./fault.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Leash } from "./leash.ts";

/** A call that sends nothing but its head. */
export interface Question {
  readonly what: string;
  readonly method: "GET" | "HEAD";
  /** With the version and the query. */
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
}

/**
 * Asks the engine something over a connection of its own. The library would do the same, but takes longer to load than
 * the answers take to come, and commands that change nothing need no more than this.
 */
export async function ask(endpoint: Endpoint, question: Question, leash: Leash): Promise<IncomingMessage> {
  const { what, ...head } = question;
  return new Promise((resolve, reject) => {
    const asking = request({ ...head, createConnection: () => dial(endpoint) });
    leash.signal.addEventListener(
      "abort",
      () => {
        reject(leash.reason());
        asking.destroy();
      },
      { once: true },
    );
    asking.once("response", resolve);
    asking.on("error", (error) => reject(connectionFault(what, error, endpoint)));
    asking.end();
  });
}

/** The query of a call as the library writes it: objects and lists as JSON. */
export function queryText(query: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(query).map(([key, value]) => {
    const text = typeof value === "object" ? JSON.stringify(value) : String(value);
    return `${encodeURIComponent(key)}=${encodeURIComponent(text)}`;
  });
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

function dial(endpoint: Endpoint): Socket {
  return endpoint.kind === "tcp" ? connect(endpoint.port, bareHost(endpoint.host)) : connect(endpoint.path);
}

/** An IPv6 address stands in brackets only in texts. */
function bareHost(host: string): string {
  return host.startsWith("[") ? host.slice(1, -1) : host;
}
