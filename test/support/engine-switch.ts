import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";

/** The engine's crash and its start, in the hands of a test; whoever started the engine has given it the way. */
export class EngineSwitch {
  readonly #socketPath: string;

  constructor(env: Readonly<Record<string, string | undefined>> = process.env) {
    const socketPath = env["DOCK_TEST_ENGINE_SWITCH"];
    if (!socketPath) throw new Error('these tests crash their engine: run them with "npm run test:faults"');
    this.#socketPath = socketPath;
  }

  /** Ends the engine's process with SIGKILL; it is gone when this resolves. */
  async kill(): Promise<void> {
    await this.#ask("/kill");
  }

  /** Starts the engine on the data that it left; it answers when this resolves. */
  async start(): Promise<void> {
    await this.#ask("/start");
  }

  async #ask(path: string): Promise<void> {
    const sent = request({ socketPath: this.#socketPath, method: "POST", path, agent: false });
    sent.end();
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    const reason = await text(answer);
    if (answer.statusCode !== 204) throw new Error(`the engine's switch: ${answer.statusCode} ${reason}`);
  }
}
