import { setMaxListeners } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { DockError } from "../error.ts";
import { ask, queryText } from "./ask.ts";
import type { Answer, Call, Deadlines } from "./call.ts";
import { dialer, isSlowToDial, type Reach } from "./dial.ts";
import type { Endpoint } from "./endpoint.ts";
import { brokenFault, connectionFault, isUnreadable, statusFault } from "./fault.ts";
import { Leash, metered, readText, untilAborted } from "./leash.ts";
import type { Line } from "./line.ts";
import { negotiateVersion } from "./version.ts";

/** What a transport needs to know. */
export interface TransportOptions {
  /** Asked at the first call. */
  readonly endpoint: () => Promise<Endpoint>;
  readonly deadlines: Deadlines;
  /** DOCKER_API_VERSION. */
  readonly apiVersion: string | undefined;
}

/** What the engine said of itself in its ping, and where it is. */
export interface Greeting {
  readonly endpoint: Endpoint;
  readonly apiVersion: string;
  readonly podman: boolean;
  /** Whether the engine is expected to have BuildKit. */
  readonly buildkit: boolean;
}

/**
 * The modem would send an empty chunked body. Its terminator may reach the engine after the connection has changed its
 * protocol, in which it is garbage; a body of a known length has none.
 */
const EMPTY_BODY = { file: Buffer.alloc(0) };
const EVERY_STATUS = Object.fromEntries(Array.from({ length: 900 }, (_, index) => [index + 100, true]));

/**
 * Requests to one engine. Every call settles: with a whole answer, or with an error for an engine that refuses, breaks
 * off, goes silent or cannot be reached, or with the signal's reason. Nothing is dialed before the first call.
 */
export class Transport {
  readonly deadlines: Deadlines;
  readonly #options: TransportOptions;
  readonly #closing = new AbortController();
  #reach: Promise<Reach> | undefined;
  #line: Promise<Line> | undefined;
  #greeting: Promise<Greeting> | undefined;

  constructor(options: TransportOptions) {
    this.deadlines = options.deadlines;
    this.#options = options;
    setMaxListeners(0, this.#closing.signal);
  }

  /** The engine's introduction, asked for once. */
  async greeting(signal: AbortSignal): Promise<Greeting> {
    signal.throwIfAborted();
    // The first caller's signal must not decide for the others, so each waits for itself.
    this.#greeting ??= this.#greet().catch((error: unknown) => {
      this.#greeting = undefined;
      throw error;
    });
    return untilAborted(this.#greeting, signal);
  }

  /** The whole answer to a call. */
  async answer(call: Call, signal: AbortSignal): Promise<Answer> {
    const { apiVersion } = await this.greeting(signal);
    return this.#answer(call, `/v${apiVersion}`, signal);
  }

  /** As `json`; undefined when the engine does not have what the call is about. */
  async jsonUnless404<T>(call: Call, read: (value: unknown) => T, signal: AbortSignal): Promise<T | undefined> {
    try {
      return await this.json(call, read, signal);
    } catch (error) {
      if (error instanceof DockError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** The JSON of the answer, read by `read`, which throws a `ShapeError` when it is not what it should be. */
  async json<T>(call: Call, read: (value: unknown) => T, signal: AbortSignal): Promise<T> {
    const { text } = await this.answer(call, signal);
    try {
      return read(JSON.parse(text));
    } catch (error) {
      throw isUnreadable(error) ? brokenFault(call.what, error) : error;
    }
  }

  /** The answer's bytes as they come. Ends normally only when the engine has ended the answer. */
  async *chunks(call: Call, signal: AbortSignal): AsyncGenerator<Buffer, void, void> {
    const { apiVersion } = await this.greeting(signal);
    const leash = new Leash(call, [signal, this.#closing.signal]);
    let response: IncomingMessage | undefined;
    try {
      response = await this.#open(call, `/v${apiVersion}`, leash);
      call.opened?.();
      if (call.endless) leash.deadline.stop();
      for await (const chunk of response) {
        leash.deadline.stop();
        yield chunk as Buffer;
        if (!call.endless) leash.deadline.restart();
      }
      if (!response.complete) throw new Error("the answer ended early");
    } catch (error) {
      throw leash.failure(error);
    } finally {
      leash.release();
      response?.destroy();
    }
  }

  /**
   * A connection of one's own to the engine, after its answer 101. It is destroyed when the signal aborts or the
   * transport closes; otherwise it belongs to the caller. Its end proves nothing about what happened on the other side.
   */
  async hijack(call: Call, signal: AbortSignal): Promise<Duplex> {
    const { apiVersion } = await this.greeting(signal);
    const leash = new Leash(call, [signal, this.#closing.signal]);
    try {
      const opened = await this.#dial(call, { prefix: `/v${apiVersion}`, hijack: true }, leash);
      if (isAnswer(opened)) {
        throw statusFault(call.what, opened.statusCode ?? 0, await readText(opened, leash));
      }
      leash.deadline.stop();
      const destroy = (): void => void opened.destroy(leash.reason());
      leash.signal.addEventListener("abort", destroy, { once: true });
      // A connection that breaks before its owner listens must not end the process; owners see the close as well.
      opened.on("error", () => {});
      opened.once("close", () => leash.release());
      if (leash.signal.aborted) destroy();
      return opened;
    } catch (error) {
      leash.release();
      throw leash.failure(error);
    }
  }

  /** Breaks off whatever is under way; later calls fail. */
  close(): void {
    this.#closing.abort(new Error("the engine's connection was closed"));
    this.#line?.then(
      (line) => line.close(),
      () => undefined,
    );
  }

  async #greet(): Promise<Greeting> {
    const call: Call = { what: "answer a ping", method: "GET", path: "/_ping", deadlineMs: this.deadlines.answer };
    const { endpoint } = await this.#reachOfEngine();
    const { headers } = await this.#answer(call, "", this.#closing.signal);
    const podman = headers["libpod-api-version"] !== undefined || /libpod/i.test(headerText(headers["server"]) ?? "");
    return {
      endpoint,
      apiVersion: negotiateVersion(headerText(headers["api-version"]), this.#options.apiVersion),
      podman,
      // Engine 20.10 has BuildKit and does not say so; one that builds without it by default says "1".
      buildkit: !podman && headers["builder-version"] !== "1",
    };
  }

  async #answer(call: Call, prefix: string, signal: AbortSignal): Promise<Answer> {
    const leash = new Leash(call, [signal, this.#closing.signal]);
    try {
      const { endpoint } = await this.#reachOfEngine();
      if (!call.upload && !isSlowToDial(endpoint)) return await this.#ask(call, prefix, leash);
      return await this.#exchange(call, prefix, leash);
    } catch (error) {
      throw leash.failure(error);
    } finally {
      leash.release();
      call.upload?.destroy();
    }
  }

  async #ask(call: Call, prefix: string, leash: Leash): Promise<Answer> {
    const reach = await this.#reachOfEngine();
    leash.signal.throwIfAborted();
    const { what, method, body, headers = {} } = call;
    const path = prefix + call.path + queryText(call.query ?? {});
    const answer = await ask(reach, { what, method, path, headers, ...(body ? { body } : {}) }, leash);
    if (isAccepted(call, answer.status)) return answer;
    throw statusFault(what, answer.status, answer.text);
  }

  async #exchange(call: Call, prefix: string, leash: Leash): Promise<Answer> {
    const response = await this.#open(call, prefix, leash);
    const text = await readText(response, leash);
    return { status: response.statusCode ?? 0, headers: response.headers, text };
  }

  /** The answer's head, with a status that the call accepts. */
  async #open(call: Call, prefix: string, leash: Leash): Promise<IncomingMessage> {
    const response = await this.#dial(call, { prefix, hijack: false }, leash);
    if (!isAnswer(response)) {
      response.destroy();
      throw new Error("the engine switched protocols unasked");
    }
    // From here on the request's own signal no longer reaches who reads the body. An error before the reading starts
    // must not end the process; the reader gets it as well.
    const destroy = (): void => void response.destroy(leash.reason());
    leash.signal.addEventListener("abort", destroy, { once: true });
    response.on("error", () => {});
    if (leash.signal.aborted) destroy();
    const status = response.statusCode ?? 0;
    if (isAccepted(call, status)) return response;
    throw statusFault(call.what, status, await readText(response, leash));
  }

  async #dial(
    call: Call,
    how: { readonly prefix: string; readonly hijack: boolean },
    leash: Leash,
  ): Promise<IncomingMessage | Duplex> {
    const query = Object.fromEntries(Object.entries(call.query ?? {}).filter(([, value]) => value !== undefined));
    const { modem, endpoint } = await this.#lineToEngine();
    leash.signal.throwIfAborted();
    const upload = call.upload && metered(call.upload, leash);
    return new Promise((resolve, reject) => {
      // The modem does not call back for every way in which a request can end.
      leash.signal.addEventListener("abort", () => reject(leash.reason()), { once: true });
      modem.dial(
        {
          method: call.method,
          // The modem adds a query only behind a question mark, and cuts the mark off when there is none.
          path: how.prefix + call.path + (Object.keys(query).length > 0 ? "?" : ""),
          options: { _query: query, _body: call.body ?? {} },
          headers: { ...(how.hijack && !call.body ? { "Content-Type": "text/plain" } : {}), ...call.headers },
          ...(upload ? { file: upload } : how.hijack && !call.body ? EMPTY_BODY : {}),
          hijack: how.hijack,
          isStream: true,
          statusCodes: EVERY_STATUS,
          abortSignal: leash.signal,
        },
        (error, result) => {
          if (error) reject(connectionFault(call.what, error, endpoint));
          else resolve(result as IncomingMessage | Duplex);
        },
      );
    });
  }

  async #reachOfEngine(): Promise<Reach> {
    this.#reach ??= reachOf(this.#options.endpoint);
    return this.#reach;
  }

  async #lineToEngine(): Promise<Line> {
    this.#line ??= openLine(await this.#reachOfEngine());
    return this.#line;
  }
}

async function reachOf(find: () => Promise<Endpoint>): Promise<Reach> {
  const endpoint = await find();
  return { endpoint, dial: await dialer(endpoint) };
}

/** Node's HTTP client and the library are loaded when they are needed: most commands stream nothing and do without. */
async function openLine(reach: Reach): Promise<Line> {
  const line = await import("./line.ts");
  return line.openLine(reach);
}

function isAccepted(call: Call, status: number): boolean {
  return (status >= 200 && status < 300) || call.accept?.includes(status) === true;
}

/** An answer of HTTP, as against the connection that is left after a change of protocols. */
function isAnswer(opened: IncomingMessage | Duplex): opened is IncomingMessage {
  return "statusCode" in opened;
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
