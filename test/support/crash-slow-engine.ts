import { mkdtemp, rm } from "node:fs/promises";
import { createServer, request as forward, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { deferred } from "../../src/std/deferred.ts";

/**
 * Stands before an engine and has it begin with one request only when it is told to, whether or not whoever has sent it
 * is still there. As with an engine that is busy: what it was asked for, it does.
 */
export class SlowEngine implements AsyncDisposable {
  readonly host: string;
  /** Resolves when the request has come. */
  readonly asked: Promise<void>;
  /** Resolves when the engine has done what the request asks for. */
  readonly answered: Promise<void>;
  readonly #directory: string;
  readonly #server: Server;
  readonly #options: { readonly upstream: string; readonly request: RegExp };
  readonly #asked = deferred<void>();
  readonly #told = deferred<void>();
  readonly #answered = deferred<void>();
  #met = false;

  private constructor(directory: string, options: { readonly upstream: string; readonly request: RegExp }) {
    this.#directory = directory;
    this.#options = options;
    this.host = `unix://${join(directory, "slow.sock")}`;
    this.asked = this.#asked.promise;
    this.answered = this.#answered.promise;
    this.#server = createServer({ keepAliveTimeout: 1 }, (incoming, response) => void this.#pass(incoming, response));
  }

  static async start(options: { readonly upstream: string; readonly request: RegExp }): Promise<SlowEngine> {
    const slow = new SlowEngine(await mkdtemp(join(tmpdir(), "slow-engine-")), options);
    await new Promise<void>((resolve) => slow.#server.listen(slow.host.slice("unix://".length), resolve));
    return slow;
  }

  /** Has the engine begin. */
  answer(): void {
    this.#told.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.answer();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET", url = "/", headers } = incoming;
    response.on("error", () => {});
    const body = await buffer(incoming);
    const meant = !this.#met && this.#options.request.test(`${method} ${url}`);
    if (meant) {
      this.#met = true;
      this.#asked.resolve();
      await this.#told.promise;
    }
    const sent = forward({ socketPath: this.#options.upstream, method, path: url, headers, agent: false });
    sent.on("error", () => response.destroy());
    // One that is slow goes on without its client; the others end with it.
    if (!meant) response.once("close", () => sent.destroy());
    sent.once("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      response.flushHeaders();
      answer.on("error", () => response.destroy());
      answer.once("end", () => (meant ? this.#answered.resolve() : undefined));
      answer.pipe(response);
      if (meant) answer.resume();
    });
    sent.end(body);
  }
}
