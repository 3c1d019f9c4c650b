import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A server on a unix socket that answers as a test says: for what no engine would ever answer. */
export class RawServer implements AsyncDisposable {
  readonly socketPath: string;
  readonly #directory: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(directory: string, listener: RequestListener) {
    this.#directory = directory;
    this.socketPath = join(directory, "raw.sock");
    this.#server = createServer({ keepAliveTimeout: 1 }, listener);
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

  static async start(listener: RequestListener): Promise<RawServer> {
    const server = new RawServer(await mkdtemp(join(tmpdir(), "raw-server-")), listener);
    await new Promise<void>((resolve) => server.#server.listen(server.socketPath, resolve));
    return server;
  }

  /** Greets as an engine does and leaves everything after the ping to the listener. */
  static async greeting(
    listener: RequestListener,
    headers: Readonly<Record<string, string>> = { "Api-Version": "1.51" },
  ): Promise<RawServer> {
    return RawServer.start((request: IncomingMessage, response: ServerResponse) => {
      if (request.url === "/_ping") response.writeHead(200, headers).end("OK");
      else listener(request, response);
    });
  }

  /** For DOCKER_HOST. */
  get host(): string {
    return `unix://${this.socketPath}`;
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#sockets.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    await rm(this.#directory, { recursive: true, force: true });
  }
}
