import { type Drainable, drained } from "./drained.ts";
import { LogLines } from "./log-lines.ts";
import { closeColors, sanitizeName } from "./sanitize.ts";
import type { Paint, Style } from "./style.ts";
import { displayWidth, pad } from "./width.ts";

/** Where log lines go. `write` returns false when the stream would rather have no more for now. */
export interface LogOutput extends Drainable {
  write(text: string): boolean;
}

/** Which of its two streams a container wrote to. */
export type LogStream = "stdout" | "stderr";

/** The log of one container. */
export interface LogSource {
  /** Prints the lines that the chunk completes; resolves when the stream takes more, so that a slow reader slows the writer. */
  write(stream: LogStream, chunk: string | Uint8Array): Promise<void>;
  /** Prints what has come without a line end. */
  end(): Promise<void>;
}

/**
 * Merges containers' logs line by line: `web-1  | line`, names aligned and each service in a colour of its own. What came on
 * stdout goes to stdout, the rest to stderr. No line of a container begins a line, none changes the terminal, and no more
 * than one unfinished line a stream is held.
 */
export class LogMux {
  readonly #outputs: Readonly<Record<LogStream, LogOutput>>;
  readonly #styles: Readonly<Record<LogStream, Style>>;
  readonly #prefixed: boolean;
  readonly #names = new Set<string>();
  /** By service: its containers look alike. */
  readonly #paints = new Map<string, number>();
  #width = 0;

  /** `names` are those that are known beforehand: columns are as wide as the widest. */
  constructor(of: {
    readonly outputs: Readonly<Record<LogStream, LogOutput>>;
    readonly styles: Readonly<Record<LogStream, Style>>;
    readonly names?: readonly string[];
    /** False leaves out the names. */
    readonly prefixed?: boolean;
  }) {
    this.#outputs = of.outputs;
    this.#styles = of.styles;
    this.#prefixed = of.prefixed ?? true;
    for (const name of of.names ?? []) this.#know(name);
  }

  /** Begins the log of a container under a name such as `web-1`. */
  source(name: string): LogSource {
    this.#know(name);
    const lines = { stdout: new LogLines(), stderr: new LogLines() };
    return {
      write: async (stream, chunk) => {
        await this.#print(name, stream, lines[stream].push(chunk));
      },
      end: async () => {
        await this.#print(name, "stdout", lines.stdout.end());
        await this.#print(name, "stderr", lines.stderr.end());
      },
    };
  }

  /** Prints a line of dock's own about a container, `web-1 exited with code 1`, in place of a log line. */
  remark(name: string, text: string): void {
    const style = this.#styles.stderr;
    this.#know(name);
    const prefix = this.#prefixed ? this.#prefix(name, "stderr") : `${sanitizeName(name)} `;
    this.#outputs.stderr.write(`${prefix}${style.dim(sanitizeName(text))}\n`);
  }

  #know(name: string): void {
    if (this.#names.has(name)) return;
    this.#names.add(name);
    const service = serviceOf(name);
    if (!this.#paints.has(service)) this.#paints.set(service, this.#paints.size);
    this.#width = Math.max(this.#width, displayWidth(sanitizeName(name)));
  }

  async #print(name: string, stream: LogStream, lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    const output = this.#outputs[stream];
    const { color } = this.#styles[stream];
    const prefix = this.#prefix(name, stream);
    const more = output.write(lines.map((line) => `${prefix}${closeColors(line, color)}\n`).join(""));
    if (!more) await drained(output);
  }

  #prefix(name: string, stream: LogStream): string {
    if (!this.#prefixed) return "";
    const style = this.#styles[stream];
    const paints: readonly Paint[] = [style.cyan, style.yellow, style.green, style.magenta, style.blue];
    const paint = paints[(this.#paints.get(serviceOf(name)) ?? 0) % paints.length] ?? style.cyan;
    return `${paint(`${pad(sanitizeName(name), this.#width)}  |`)} `;
  }
}

/** `web` of `web-1`. */
function serviceOf(name: string): string {
  return name.replace(/-\d+$/, "");
}
