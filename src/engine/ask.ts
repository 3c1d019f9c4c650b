import type { Answer, Call } from "./call.ts";
import { connectionFault } from "./fault.ts";
import type { Reach } from "./dial.ts";
import type { Endpoint } from "./endpoint.ts";
import { readHttpAnswer } from "./http-answer.ts";
import { LARGEST_ANSWER, type Leash } from "./leash.ts";

/** A call that sends nothing but its head. */
export interface Question extends Pick<Call, "what" | "headers"> {
  readonly method: "GET" | "HEAD";
  /** With the version and the query. */
  readonly path: string;
}

/**
 * Asks the engine something and gives its whole answer, whatever its status, over a connection of its own. The library
 * would do the same, but it and Node's HTTP client take longer to load than the answers take to come, and commands
 * that find nothing to change need no more than this.
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
      socket.write(headOf(endpoint, question));
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

function headOf(endpoint: Endpoint, { method, path, headers = {} }: Question): string {
  const host = endpoint.kind === "tcp" ? `${endpoint.host}:${endpoint.port}` : "localhost";
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`);
  return [`${method} ${path} HTTP/1.1`, `Host: ${host}`, ...lines, "Connection: close", "", ""].join("\r\n");
}
