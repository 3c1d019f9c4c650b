import type { Answer, Call } from "./call.ts";
import { connectionFault } from "./fault.ts";
import type { Reach } from "./dial.ts";
import type { Endpoint } from "./endpoint.ts";
import { readHttpAnswer } from "./http-answer.ts";
import { LARGEST_ANSWER, type Leash } from "./leash.ts";

/** A call that sends no more than its head and some JSON. */
export interface Question extends Pick<Call, "what" | "method" | "body" | "headers"> {
  /** With the version and the query. */
  readonly path: string;
}

/**
 * Asks the engine something and gives its whole answer, whatever its status, over a connection of its own. The library
 * would do the same, but it and Node's HTTP client take longer to load than most answers take to come, and then half a
 * millisecond of processor time for each call, of which an `up` makes hundreds while the engine needs every core.
 */
export async function ask({ endpoint, dial }: Reach, question: Question, leash: Leash): Promise<Answer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const socket = dial();
  const stop = (): void => void socket.destroy(leash.reason());
  leash.signal.addEventListener("abort", stop, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > LARGEST_ANSWER) reject(new Error(`the answer is larger than ${LARGEST_ANSWER} bytes`));
      });
      socket.once("end", resolve);
      socket.on("error", (error) => reject(connectionFault(question.what, error, endpoint)));
      socket.once("close", () => reject(new Error("the connection was closed")));
      socket.write(requestText(endpoint, question));
    });
    const { status, headers, body } = readHttpAnswer(Buffer.concat(chunks), question.method);
    return { status, headers, text: body.toString("utf8") };
  } finally {
    leash.signal.removeEventListener("abort", stop);
    socket.destroy();
  }
}

/** The query of a call as the library writes it: objects and lists as JSON. */
export function queryText(query: NonNullable<Call["query"]>): string {
  const pairs = Object.entries(query).flatMap(([key, value]) => {
    if (value === undefined) return [];
    const text = typeof value === "object" ? JSON.stringify(value) : String(value);
    return [`${encodeURIComponent(key)}=${encodeURIComponent(text)}`];
  });
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

function requestText(endpoint: Endpoint, { method, path, headers = {}, body }: Question): string {
  const host = endpoint.kind === "tcp" ? `${endpoint.host}:${endpoint.port}` : "localhost";
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`);
  const text = body === undefined ? "" : JSON.stringify(body);
  if (text !== "") lines.push("Content-Type: application/json");
  if (method === "POST" || text !== "") lines.push(`Content-Length: ${Buffer.byteLength(text)}`);
  return [`${method} ${path} HTTP/1.1`, `Host: ${host}`, ...lines, "Connection: close", "", text].join("\r\n");
}
