import type { Call } from "./call.ts";

/** A whole HTTP answer: head and body, as it came over a connection that was closed after it. */
export interface HttpAnswer {
  readonly status: number;
  /** By name in lower case; several of a name are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const HEAD_END = "\r\n\r\n";

/**
 * Reads the bytes of an answer to a request of HTTP/1.1 that asked for the connection to be closed. Throws when they
 * are no HTTP, or when the answer is not all there: a body that says how long it is must be that long.
 */
export function readHttpAnswer(bytes: Buffer, method: Call["method"]): HttpAnswer {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0) throw new Error(bytes.length === 0 ? "there was no answer" : "the answer's head ended early");
  const [first = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first)?.[1]);
  if (Number.isNaN(status)) throw new Error("the answer is not HTTP");
  const rest = bytes.subarray(end + HEAD_END.length);
  if (status === 101) throw new Error("the engine switched protocols unasked");
  // What announces the answer is not the answer.
  if (status < 200) return readHttpAnswer(rest, method);
  const headers = readHeaders(lines);
  const hasBody = method !== "HEAD" && status !== 204 && status !== 304;
  return { status, headers, body: hasBody ? readBody(headers, rest) : Buffer.alloc(0) };
}

function readHeaders(lines: readonly string[]): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon <= 0) throw new Error("the answer's head cannot be read");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return headers;
}

function readBody(headers: Readonly<Record<string, string>>, rest: Buffer): Buffer {
  const coding = headers["transfer-encoding"]?.toLowerCase();
  if (coding === "chunked") return joinChunks(rest);
  if (coding !== undefined) throw new Error(`the answer comes as ${coding}`);
  const length = headers["content-length"];
  if (length === undefined) return rest;
  if (!/^\d+$/.test(length)) throw new Error("the answer's length cannot be read");
  if (rest.length < Number(length)) throw new Error("the answer ended early");
  return rest.subarray(0, Number(length));
}

/** The body that comes in pieces, each after its length in hexadecimal digits; one of length 0 is the end. */
function joinChunks(bytes: Buffer): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) throw new Error("the answer ended early");
    const length = /^([0-9a-f]{1,8})[ \t]*(?:;|$)/i.exec(bytes.toString("latin1", at, lineEnd))?.[1];
    if (length === undefined) throw new Error("the answer's chunks cannot be read");
    const start = lineEnd + 2;
    const size = Number.parseInt(length, 16);
    if (size === 0) {
      if (bytes.indexOf(HEAD_END, lineEnd) < 0) throw new Error("the answer ended early");
      return Buffer.concat(chunks);
    }
    chunks.push(bytes.subarray(start, start + size));
    at = start + size + 2;
    if (bytes.length < at) throw new Error("the answer ended early");
    if (bytes.toString("latin1", at - 2, at) !== "\r\n") throw new Error("the answer's chunks cannot be read");
  }
}
