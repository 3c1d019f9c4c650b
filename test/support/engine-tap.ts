import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, request as forward, type Server, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";
import { readRequestLine } from "./engine-request.ts";

/** A request that is on its way to an engine. */
export interface TappedRequest {
  readonly method: string;
  /** Without version and query. */
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** An answer in place of the engine's. */
export interface TappedAnswer {
  readonly status: number;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Looks at a request before the engine hears of it: may change the world meanwhile, take its time, or answer itself. */
export type Tapper = (request: TappedRequest) => Promise<TappedAnswer | undefined> | TappedAnswer | undefined;

/** Passes requests on to an engine's socket, each after a test has had its say. */
export class EngineTap implements AsyncDisposable {
  readonly socketPath: string;
  readonly requests: TappedRequest[] = [];
  readonly #directory: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #of: { readonly upstream: string; readonly tapper: Tapper };

  private constructor(directory: string, of: { readonly upstream: string; readonly tapper: Tapper }) {
    this.#directory = directory;
    this.#of = of;
    this.socketPath = join(directory, "tap.sock");
    this.#server = createServer({ keepAliveTimeout: 1 }, (request, response) => {
      this.#pass(request, response).catch(() => response.destroy());
    });
    this.#server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#upgrade(request, socket, head),
    );
    this.#server.on("connection", (socket) => this.#own(socket));
  }

  static async start(upstream: string, tapper: Tapper): Promise<EngineTap> {
    const tap = new EngineTap(await mkdtemp(join(tmpdir(), "engine-tap-")), { upstream, tapper });
    await new Promise<void>((resolve) => tap.#server.listen(tap.socketPath, resolve));
    return tap;
  }

  /** For DOCKER_HOST. */
  get host(): string {
    return `unix://${this.socketPath}`;
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

  async #pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, path, query } = readRequestLine(incoming.method ?? "", incoming.url ?? "");
    const body = await buffer(incoming);
    const request = { method, path, query, headers: incoming.headers, body: body.toString("utf8") };
    this.requests.push(request);
    const answer = await this.#of.tapper(request);
    if (answer) {
      response.writeHead(answer.status, { "Content-Type": "application/json", ...answer.headers }).end(answer.body);
      return;
    }
    const { "transfer-encoding": _, ...headers } = incoming.headers;
    const upstream = forward({
      socketPath: this.#of.upstream,
      method: incoming.method ?? "GET",
      path: incoming.url ?? "/",
      headers: { ...headers, "content-length": body.length },
      agent: false,
    });
    response.once("close", () => upstream.destroy());
    upstream.once("socket", (socket) => this.#own(socket));
    upstream.on("error", () => incoming.socket.destroy());
    upstream.once("response", (whole) => {
      response.writeHead(whole.statusCode ?? 502, whole.headers).flushHeaders();
      whole.on("error", () => response.destroy());
      whole.pipe(response);
    });
    upstream.end(body);
  }

  /** Nobody has a say in connections that change their protocol. */
  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const upstream = connect({ path: this.#of.upstream, allowHalfOpen: true });
    this.#own(upstream);
    const lines = [`${request.method} ${request.url} HTTP/1.1`];
    for (let index = 0; index < request.rawHeaders.length; index += 2)
      lines.push(`${request.rawHeaders[index]}: ${request.rawHeaders[index + 1]}`);
    upstream.write(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), head]));
    socket.pipe(upstream).pipe(socket);
    socket.once("close", () => upstream.destroy());
  }
}
