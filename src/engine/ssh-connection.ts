import { type ChildProcessByStdio, spawn } from "node:child_process";
import { Duplex, type Readable, type Writable } from "node:stream";
import { Semaphore } from "../std/semaphore.ts";
import { endpointText, type SshEndpoint } from "./endpoint.ts";
import { sshFault } from "./ssh-fault.ts";

/** How long ssh may take to reach the other machine, in seconds. */
const CONNECT_SECONDS = 20;

/** ssh servers turn away who comes with more than ten connections at once that have not proven who they are. */
const STARTING_AT_ONCE = 5;

/** A connection that has said nothing for so long is taken for started, in milliseconds: not every answer comes at once. */
const STARTED_MS = 3_000;

/** An unused connection is let go after this, in milliseconds. */
const IDLE_MS = 10_000;

/** What of ssh's words is kept, in characters. */
const KEPT_WORDS = 4_000;

/** Connections through the user's own `ssh`, so that its configuration, keys and agent hold; a few of them start at a time. */
export function sshDialer(endpoint: SshEndpoint): () => Duplex {
  const starting = new Semaphore(STARTING_AT_ONCE);
  return () => new SshConnection(endpoint, starting);
}

/**
 * The arguments of ssh for a connection to the engine, as the docker command gives them. Nobody is asked for a
 * password: there would be one question for each connection.
 */
export function sshArguments({ host, user, port, socket }: SshEndpoint): readonly string[] {
  return [
    "-o",
    `ConnectTimeout=${CONNECT_SECONDS}`,
    "-o",
    "BatchMode=yes",
    "-T",
    ...(user === undefined ? [] : ["-l", user]),
    ...(port === undefined ? [] : ["-p", String(port)]),
    "--",
    host,
    "docker",
    ...(socket === undefined ? [] : ["--host", quoted(`unix://${socket}`)]),
    "system",
    "dial-stdio",
  ];
}

/** ssh joins its arguments for a shell on the other side. */
function quoted(word: string): string {
  return /^[\w./:-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * One connection to the engine: the input and output of one ssh, which ends with it. It can stand where Node's HTTP client
 * wants a socket, and be kept by it between two requests.
 */
class SshConnection extends Duplex {
  readonly #endpoint: SshEndpoint;
  #child: Child | undefined;
  #words = "";
  #idle: NodeJS.Timeout | undefined;
  /** What was written before ssh runs. */
  #onStart: (() => void) | undefined;
  /** Called when ssh has got through, or has ended. */
  #onAnswer: () => void = () => undefined;

  constructor(endpoint: SshEndpoint, starting: Semaphore) {
    super({ allowHalfOpen: true });
    this.#endpoint = endpoint;
    void starting.run(async () => this.#run());
  }

  /** Resolves when the connection is through or over. */
  async #run(): Promise<void> {
    if (this.destroyed) return;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, STARTED_MS).unref();
      this.#onAnswer = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#start();
    });
  }

  #start(): void {
    // A session of its own: Ctrl-C is for dock, which may have requests to make after it.
    const child = spawn("ssh", sshArguments(this.#endpoint), { stdio: ["pipe", "pipe", "pipe"], detached: true });
    this.#child = child;
    child.stdout.on("data", (chunk: Buffer) => {
      this.#onAnswer();
      if (!this.push(chunk)) child.stdout.pause();
    });
    child.stderr.setEncoding("utf8");
    child.stderr.on("data", (text: string) => (this.#words = (this.#words + text).slice(-KEPT_WORDS)));
    // An ssh that ends breaks its pipes; why it has ended is told by its end.
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on("error", () => undefined);
    child.on("error", (error) => this.#end(error));
    child.on("close", (code) => this.#end(code === 0 ? undefined : code));
    this.#onStart?.();
  }

  #end(failure: Error | number | null | undefined): void {
    this.#onAnswer();
    if (failure === undefined) this.push(null);
    else this.destroy(sshFault(failure, { place: endpointText(this.#endpoint), words: this.#words }));
  }

  override _read(): void {
    this.#child?.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    // A failed write is told by ssh's end, not by the pipe.
    this.#whenStarted((child) => child.stdin.write(chunk, () => done()));
  }

  override _final(done: () => void): void {
    this.#whenStarted((child) => child.stdin.end(() => done()));
  }

  #whenStarted(work: (child: Child) => void): void {
    if (this.#child) work(this.#child);
    else this.#onStart = () => this.#child && work(this.#child);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#idle);
    this.#onAnswer();
    const child = this.#child;
    child?.stdin.destroy();
    child?.stdout.destroy();
    child?.stderr.destroy();
    if (child && child.exitCode === null && child.signalCode === null) child.kill();
    done(error);
  }

  /** Node's HTTP client calls this when nobody uses the connection. */
  unref(): this {
    this.#idle = setTimeout(() => this.destroy(), IDLE_MS).unref();
    return this;
  }

  /** Node's HTTP client calls this when it uses the connection again. */
  ref(): this {
    clearTimeout(this.#idle);
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }
}
