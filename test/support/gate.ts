import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { BareEngine } from "./scenario-engine.ts";

/** A server that builds and containers can wait for: it says no until the gate is opened. */
export class Gate implements AsyncDisposable {
  readonly #server: Server;
  #open = false;
  /** Resolves at the first knock: the build has begun and is held up. */
  readonly knocked: Promise<unknown>;

  private constructor(server: Server) {
    this.#server = server;
    this.knocked = once(server, "request");
    server.on("request", (_, response) => response.writeHead(this.#open ? 200 : 503).end());
  }

  static async start(): Promise<Gate> {
    const server = createServer();
    const gate = new Gate(server);
    server.listen(0, "0.0.0.0");
    await once(server, "listening");
    return gate;
  }

  /** As the engine's containers reach it. */
  async address(engine: BareEngine): Promise<string> {
    const bridge = await engine.get<{ IPAM: { Config: readonly { Gateway?: string; Subnet: string }[] } }>(
      "/networks/bridge",
    );
    const [config] = bridge.IPAM.Config;
    const gateway = config?.Gateway ?? config?.Subnet.replace(/\.\d+\/\d+$/, ".1");
    return `http://${gateway}:${(this.#server.address() as AddressInfo).port}/`;
  }

  open(): void {
    this.#open = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
