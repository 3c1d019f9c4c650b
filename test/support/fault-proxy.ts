import { mkdtemp, rm } from "node:fs/promises";
import { createServer, request as forward, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";
import { readRequestLine, type LoggedRequest } from "./engine-request.ts";

/**
 * What goes wrong. `before`: the engine never hears of the request. `after`: it has done its work and the answer is
 * lost. `kill-*` call `onKill` and then break off. `reset-mid` breaks off within the answer, `truncate` ends it cleanly
 * after half its bytes, `stall` sends the head and goes silent.
 */
export const FAULTS = [
  "kill-before",
  "kill-after",
  "reset-before",
  "reset-after",
  "reset-mid",
  "truncate",
  "500-before",
  "500-after",
  "stall",
] as const;

export type Fault = (typeof FAULTS)[number];

export interface FaultProxyOptions {
  /** Path of the engine's socket. */
  readonly upstream: string;
  readonly fault?: Fault;
  /** Which request meets the fault; the first is 1. */
  readonly at?: number;
  /** Counts only what this takes; everything unless given. */
  readonly counts?: (request: Omit<LoggedRequest, "status">) => boolean;
  /** For `kill-*`: ends the process that made the request. */
  readonly onKill?: () => void;
}

/** Bytes of a body that is passed on in one piece. */
const SMALL = 1024 * 1024;

/** Stands between a client and an engine's socket, logs what passes and does one fault at the request it is told. */
export class FaultProxy implements AsyncDisposable {
  readonly socketPath: string;
  readonly requests: LoggedRequest[] = [];
  readonly #directory: string;
  readonly #server: Server;
  readonly #options: FaultProxyOptions;
  readonly #sockets = new Set<Socket>();
  #counted = 0;
  #fired = false;

  private constructor(directory: string, options: FaultProxyOptions) {
    this.#directory = directory;
    this.#options = options;
    this.socketPath = join(directory, "proxy.sock");
    this.#server = createServer({ keepAliveTimeout: 1 }, (request, response) => void this.#pass(request, response));
    this.#server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#upgrade({ request, socket, head }),
    );
    this.#server.on("connection", (socket) => this.#own(socket));
  }

  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(await mkdtemp(join(tmpdir(), "fault-proxy-")), options);
    await new Promise<void>((resolve) => proxy.#server.listen(proxy.socketPath, resolve));
    return proxy;
  }

  /** For DOCKER_HOST. */
  get host(): string {
    return `unix://${this.socketPath}`;
  }

  /** Whether the fault was reached: a loop over `at` ends with the first run in which it was not. */
  get fired(): boolean {
    return this.#fired;
  }

  get mutations(): readonly LoggedRequest[] {
    return this.requests.filter((request) => request.mutating);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    await rm(this.#directory, { recursive: true, force: true });
  }

  #own(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {});
  }

  /** The fault that this request meets, if it is the one. */
  #faultFor(line: Omit<LoggedRequest, "status">): Fault | undefined {
    if (this.#options.counts && !this.#options.counts(line)) return undefined;
    this.#counted += 1;
    if (this.#options.fault === undefined || this.#counted !== this.#options.at) return undefined;
    this.#fired = true;
    return this.#options.fault;
  }

  #log(line: Omit<LoggedRequest, "status">): (status: number | undefined) => void {
    const index = this.requests.push({ ...line, status: undefined }) - 1;
    return (status) => {
      this.requests[index] = { ...line, status };
    };
  }

  async #pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const line = readRequestLine(incoming.method ?? "", incoming.url ?? "");
    const fault = this.#faultFor(line);
    const log = this.#log(line);
    if (fault === "kill-before" || fault === "reset-before" || fault === "500-before") {
      if (fault === "500-before") {
        log(500);
        refuse(response);
        return;
      }
      if (fault === "kill-before") this.#options.onKill?.();
      incoming.socket.destroy();
      return;
    }
    const upstream = forward({
      socketPath: this.#options.upstream,
      method: incoming.method ?? "GET",
      path: incoming.url ?? "/",
      headers: incoming.headers,
      agent: false,
    });
    // A client that goes away has to reach the engine, else it would never learn that a build is cancelled.
    response.once("close", () => upstream.destroy());
    upstream.once("socket", (socket) => this.#own(socket));
    upstream.on("error", () => incoming.socket.destroy());
    upstream.once("response", (answer) => {
      log(answer.statusCode);
      if (fault !== undefined) {
        void this.#spoil(fault, { incoming, response, answer });
        return;
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      response.flushHeaders();
      answer.on("error", () => response.destroy());
      answer.on("aborted", () => response.destroy());
      answer.pipe(response);
    });
    // In one piece where that is possible: a quick engine has answered and closed before a last, empty write, which
    // would then fail and take the answer with it.
    if (Number(incoming.headers["content-length"]) <= SMALL)
      buffer(incoming).then(
        (body) => upstream.end(body),
        () => upstream.destroy(),
      );
    else incoming.pipe(upstream);
  }

  /** The engine has answered: does to the answer what the fault wants. */
  async #spoil(
    fault: Fault,
    { incoming, response, answer }: { incoming: IncomingMessage; response: ServerResponse; answer: IncomingMessage },
  ): Promise<void> {
    if (fault === "kill-after" || fault === "reset-after") {
      // Endless answers are not waited for: their head is proof enough that the engine has acted.
      if (!isEndless(incoming.url ?? "")) await buffer(answer).catch(() => {});
      if (fault === "kill-after") this.#options.onKill?.();
      incoming.socket.destroy();
      return;
    }
    if (fault === "500-after") {
      answer.resume();
      refuse(response);
      return;
    }
    if (fault === "stall") {
      response.writeHead(answer.statusCode ?? 502, answer.headers).flushHeaders();
      answer.resume();
      return;
    }
    const whole = await firstChunk(answer);
    const half = whole.subarray(0, Math.floor(whole.length / 2));
    const headers = { ...answer.headers };
    if (fault === "truncate") {
      delete headers["content-length"];
      response.writeHead(answer.statusCode ?? 502, headers).end(half);
      return;
    }
    // Without a body there is nothing to break off within: the head alone goes out, and promises more.
    response.writeHead(answer.statusCode ?? 502, whole.length === 0 ? { "content-length": "10" } : headers);
    response.flushHeaders();
    if (half.length > 0) response.write(half, () => incoming.socket.destroy());
    else incoming.socket.destroy();
  }

  /** The request's body and all that follows is in the raw connection, so that is what is passed on. */
  #upgrade({ request, socket, head }: { request: IncomingMessage; socket: Duplex; head: Buffer }): void {
    const line = readRequestLine(request.method ?? "", request.url ?? "");
    const fault = this.#faultFor(line);
    const log = this.#log(line);
    if (fault === "kill-before" || fault === "reset-before" || fault === "500-before") {
      if (fault === "kill-before") this.#options.onKill?.();
      if (fault === "500-before")
        socket.end("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      else socket.destroy();
      return;
    }
    const upstream = connect({ path: this.#options.upstream, allowHalfOpen: true });
    this.#own(upstream);
    const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
    for (let index = 0; index < request.rawHeaders.length; index += 2) {
      lines.push(`${request.rawHeaders[index]}: ${request.rawHeaders[index + 1]}`);
    }
    // In one piece, as clients send it: what comes later may be taken for the other protocol.
    upstream.write(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), head]));
    socket.pipe(upstream);
    socket.once("close", () => upstream.destroy());
    upstream.once("close", () => socket.end());
    const started = (chunk: Buffer): void =>
      log(Number(/^HTTP\/1\.\d (\d+)/.exec(chunk.toString("latin1"))?.[1] ?? 0) || undefined);
    upstream.once("data", started);
    if (fault === undefined) upstream.pipe(socket);
    else this.#spoilUpgraded(fault, { socket, upstream });
  }

  /** Lets the 101 pass and breaks off inside what follows; nobody can tell such an end from a clean one. */
  #spoilUpgraded(fault: Fault, { socket, upstream }: { socket: Duplex; upstream: Socket }): void {
    if (fault === "stall") {
      upstream.resume();
      return;
    }
    let seen = Buffer.alloc(0);
    upstream.on("data", (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk]);
      const end = seen.indexOf("\r\n\r\n");
      if (end < 0 || seen.length <= end + 4 + 1) return;
      upstream.removeAllListeners("data");
      if (fault === "kill-after") this.#options.onKill?.();
      const cut = fault === "reset-mid" || fault === "truncate" ? end + 4 + 1 : 0;
      socket.write(seen.subarray(0, cut), () => (fault === "truncate" ? socket.end() : socket.destroy()));
      upstream.destroy();
    });
    upstream.once("end", () => socket.destroy());
  }
}

function isEndless(url: string): boolean {
  return /\/(wait|events)(\?|$)|[?&]follow=(1|true)/.test(url);
}

function refuse(response: ServerResponse): void {
  response
    .writeHead(500, { "Content-Type": "application/json" })
    .end(JSON.stringify({ message: "something went wrong (fault)" }));
}

/** The first piece of an answer; empty when it has none. */
async function firstChunk(answer: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve) => {
    answer.once("data", (chunk: Buffer) => resolve(chunk));
    answer.once("end", () => resolve(Buffer.alloc(0)));
    answer.once("error", () => resolve(Buffer.alloc(0)));
  });
}
