import { mkdirSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, type Socket } from "node:net";
import { join } from "node:path";
import { createServer, type Server } from "node:tls";
import type { Authority, Identity } from "./certificates.ts";

/** TLS before an engine's socket, as `dockerd --tlsverify` has it: only who shows a certificate of the authority gets in. */
export class TlsFront implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Connections that were let in. */
  admitted = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(
    upstream: string,
    of: { readonly authority: Authority; readonly identity: Identity },
  ): Promise<TlsFront> {
    const server = createServer({
      ...of.identity,
      ca: of.authority.cert,
      requestCert: true,
      rejectUnauthorized: true,
      // As the engine: who has said all may still be listening.
      allowHalfOpen: true,
    });
    const front = new TlsFront(server);
    server.on("connection", (socket: Socket) => {
      front.#sockets.add(socket);
      socket.once("close", () => front.#sockets.delete(socket));
    });
    server.on("tlsClientError", (_, socket) => socket.destroy());
    server.on("secureConnection", (client) => {
      front.admitted += 1;
      const engine = connect({ path: upstream, allowHalfOpen: true });
      client.on("error", () => engine.destroy()).on("close", () => engine.destroy());
      engine.on("error", () => client.destroy()).on("close", () => client.destroySoon());
      client.pipe(engine);
      engine.pipe(client);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return front;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Writes the files that DOCKER_CERT_PATH names. */
export function writeIdentity(directory: string, of: { readonly ca: string } & Partial<Identity>): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "ca.pem"), of.ca);
  if (of.cert !== undefined) writeFileSync(join(directory, "cert.pem"), of.cert);
  if (of.key !== undefined) writeFileSync(join(directory, "key.pem"), of.key, { mode: 0o600 });
}
