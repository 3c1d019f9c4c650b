import { get } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

/** Milliseconds between two questions, and for an answer. */
const PAUSE_MS = 2;
const PATIENCE_MS = 500;

/** What a prober has seen of a published port. */
export interface Seen {
  /** Milliseconds between the last good answer before a failure and the first one after it, all such times together. */
  readonly downMs: number;
  readonly asked: number;
  readonly failed: number;
  /** The answers in their order, each once as long as it stays the same. */
  readonly answers: readonly string[];
}

/** Asks a port of 127.0.0.1 over and over, on a connection of its own each time, and notes when nobody answers. */
export class Prober {
  readonly #port: number;
  readonly #ended: Promise<void>;
  #over = false;
  #asked = 0;
  #failed = 0;
  #downMs = 0;
  readonly #answers: string[] = [];

  private constructor(port: number) {
    this.#port = port;
    this.#ended = this.#run();
  }

  static start(port: number): Prober {
    return new Prober(port);
  }

  /** Asks on until the next good answer, then tells what was seen. */
  async stop(): Promise<Seen> {
    this.#over = true;
    await this.#ended;
    return {
      downMs: Math.round(this.#downMs),
      asked: this.#asked,
      failed: this.#failed,
      answers: this.#answers,
    };
  }

  async #run(): Promise<void> {
    let lastGood = performance.now();
    let isDown = false;
    while (!this.#over || isDown) {
      const answer = await ask(this.#port);
      const now = performance.now();
      this.#asked += 1;
      if (answer === undefined) {
        this.#failed += 1;
        isDown = true;
        if (now - lastGood > 60_000) throw new Error(`nobody has answered on port ${this.#port} for a minute`);
      } else {
        if (isDown) this.#downMs += now - lastGood;
        isDown = false;
        lastGood = now;
        if (this.#answers.at(-1) !== answer) this.#answers.push(answer);
      }
      await delay(PAUSE_MS);
    }
  }
}

async function ask(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get({ host: "127.0.0.1", port, agent: false, timeout: PATIENCE_MS }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.once("end", () => resolve(response.statusCode === 200 ? body.trim() : undefined));
      response.once("error", () => resolve(undefined));
    });
    request.once("timeout", () => request.destroy());
    request.once("error", () => resolve(undefined));
    request.once("close", () => resolve(undefined));
  });
}
