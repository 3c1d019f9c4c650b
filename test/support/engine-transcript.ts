import { request } from "node:http";
import { text } from "node:stream/consumers";

/** A request of a transcript: method, path, JSON body. */
export type Step = readonly [method: string, path: string, body?: object];

/** What an engine answered to a step, without what differs between any two engines. */
export interface Outcome {
  readonly step: string;
  readonly status: number;
  /** The error's text with ids masked; undefined for a success. */
  readonly message: string | undefined;
}

/** Plays steps against an engine's socket, one after the other, and writes down what it answers. */
export async function transcript(socketPath: string, steps: readonly Step[]): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [method, path, body] of steps) {
    const { status, answer } = await ask(socketPath, { method, path, body });
    outcomes.push({ step: `${method} ${path}`, status, message: status < 400 ? undefined : masked(answer) });
  }
  return outcomes;
}

async function ask(
  socketPath: string,
  what: { readonly method: string; readonly path: string; readonly body: object | undefined },
): Promise<{ readonly status: number; readonly answer: string }> {
  const { method, path, body } = what;
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path, headers, agent: false, timeout: 30_000 }, (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode ?? 0, answer }), reject);
    });
    outgoing.once("timeout", () => outgoing.destroy(new Error(`no answer to ${method} ${path}`)));
    outgoing.once("error", reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function masked(answer: string): string {
  let message = answer;
  try {
    message = String((JSON.parse(answer) as { message: string }).message);
  } catch (error) {
    // The refusal of an old version is plain text.
    if (!(error instanceof SyntaxError)) throw error;
  }
  return message.replace(/\b(?:[0-9a-f]{64}|[0-9a-f]{12})\b/g, "<id>").trim();
}
