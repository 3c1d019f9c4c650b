import type { Duplex } from "node:stream";
import type { Engine } from "../engine/engine.ts";
import { demultiplexed, outputLines } from "../engine/streams.ts";
import { type Deferred, deferred } from "../std/deferred.ts";

/** A staged copy of a file and the file that is to have its content. */
export interface InPlaceWrite {
  /** Absolute path in the container; it is removed. */
  readonly from: string;
  /** Absolute path in the container. */
  readonly to: string;
  /** `to` itself, or the directory above it from which on no part of the path may be a link. */
  readonly root: string;
  readonly executable: boolean;
}

/** Milliseconds that the shell may take for one file. */
const ANSWER_MS = 10_000;

/** Reads four lines a file and answers with one: 1 when it was written, 0 when it is to be replaced instead. */
const SCRIPT = `while IFS= read -r from && IFS= read -r to && IFS= read -r root && IFS= read -r mode; do
  ok=1; path=$to
  if [ -L "$to" ] || [ ! -f "$to" ] || [ ! -f "$from" ]; then ok=0; fi
  while [ "$ok" = 1 ] && [ -n "$path" ] && [ "$path" != "$root" ]; do
    path=\${path%/*}
    if [ -L "$path" ]; then ok=0; fi
  done
  if [ "$ok" = 1 ]; then cat "$from" > "$to" || ok=0; fi
  if [ "$ok" = 1 ] && [ "$mode" = x ] && [ ! -x "$to" ]; then chmod +x "$to"; fi
  if [ "$ok" = 1 ] && [ "$mode" = - ] && [ -x "$to" ]; then chmod -x "$to"; fi
  rm -f "$from"
  echo "$ok"
done`;

/**
 * A shell that stays in a running container and writes staged files into those that are there: their inode stays, so
 * that programs which watch a file and not its directory notice. It ends with its connection.
 */
export class ContainerShell implements Disposable {
  readonly #connection: Duplex;
  readonly #answers: Deferred<boolean>[] = [];
  #ended = false;

  private constructor(connection: Duplex) {
    this.#connection = connection;
    connection.on("error", () => this.#end());
    void this.#read();
  }

  /** Starts it as the container's root. Rejects where that can't be done; an image without a shell shows at the first write. */
  static async open(engine: Engine, container: string, signal: AbortSignal): Promise<ContainerShell> {
    const request = { command: ["sh", "-c", SCRIPT], tty: false, stdin: true, user: "0" };
    const id = await engine.execCreate(container, request, signal);
    return new ContainerShell(await engine.execStart(id, { tty: false }, signal));
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Writes one file; false when it could not, and the file has to be replaced. */
  async write({ from, to, root, executable }: InPlaceWrite): Promise<boolean> {
    if (this.#ended || [from, to, root].some((path) => path.includes("\n"))) return false;
    const answer: Deferred<boolean> = deferred();
    this.#answers.push(answer);
    this.#connection.write(`${from}\n${to}\n${root}\n${executable ? "x" : "-"}\n`);
    const late = setTimeout(() => this[Symbol.dispose](), ANSWER_MS);
    try {
      return await answer.promise;
    } finally {
      clearTimeout(late);
    }
  }

  [Symbol.dispose](): void {
    this.#connection.destroy();
    this.#end();
  }

  async #read(): Promise<void> {
    try {
      for await (const { stream, text } of outputLines(demultiplexed(this.#connection as AsyncIterable<Uint8Array>))) {
        if (stream === "stdout") this.#answers.shift()?.resolve(text === "1");
      }
    } catch (error) {
      // A connection that breaks off answers nothing more.
      if (!(error instanceof Error)) throw error;
    }
    this.#end();
  }

  #end(): void {
    this.#ended = true;
    for (const answer of this.#answers.splice(0)) answer.resolve(false);
  }
}
