import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** How a run of dock ended. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface DockOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Written to its standard input, which is then closed; without it the input is empty. "open": left open. */
  readonly stdin?: string;
  /** Milliseconds after which the run is killed and counts as hung. */
  readonly deadline?: number;
  /** Whom it runs as; default: who the tests run as. */
  readonly caller?: Caller | undefined;
}

/** A user of this machine, who can read the program that is named. */
export interface Caller {
  readonly uid: number;
  readonly gid: number;
  readonly program: string;
}

/** The published program. */
export const PROGRAM = join(import.meta.dirname, "../../dist/dock.js");
const DEADLINE_MS = 90_000;

/** A run of dock as a process of its own: signals, exit codes and broken pipes are real. */
export class DockProcess {
  readonly args: readonly string[];
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";
  readonly #ended: Promise<Finished>;
  readonly #waiting = new Set<() => void>();
  #over = false;

  constructor(args: readonly string[], options: DockOptions) {
    if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is not there: build it with "npm run build"`);
    this.args = args;
    const { cwd, env, caller } = options;
    const who = caller && { uid: caller.uid, gid: caller.gid };
    this.child = spawn(process.execPath, [caller?.program ?? PROGRAM, ...args], { cwd, env, stdio: "pipe", ...who });
    const { child } = this;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => this.#take("stdout", text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => this.#take("stderr", text));
    child.stdin?.on("error", () => {});
    if (options.stdin !== "open") child.stdin?.end(options.stdin ?? "");
    const milliseconds = options.deadline ?? DEADLINE_MS;
    this.#ended = new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        child.kill("SIGKILL");
        reject(new Error(`hung for ${milliseconds} ms: ${this.transcript()}`));
      }, milliseconds);
      child.once("error", reject);
      child.once("close", (code, signal) => {
        clearTimeout(late);
        this.#over = true;
        for (const check of this.#waiting) check();
        resolve({ code: code ?? (signal === "SIGKILL" ? 137 : -1), stdout: this.stdout, stderr: this.stderr });
      });
    });
    // Whoever never looks at the end must not see its rejection as unhandled.
    this.#ended.catch(() => {});
  }

  /** How it ended; rejects when it did not end in time. */
  async end(): Promise<Finished> {
    return this.#ended;
  }

  /** Resolves once the output matches; rejects when the process ends without it or `milliseconds` pass. */
  async until(pattern: RegExp, stream: "stdout" | "stderr" = "stderr", milliseconds = 30_000): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const settle = (outcome: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(check);
        outcome();
      };
      const check = (): void => {
        if (pattern.test(this[stream])) settle(resolve);
        else if (this.#over)
          settle(() => reject(new Error(`ended before ${pattern} was on ${stream}: ${this.transcript()}`)));
      };
      const timer = setTimeout(
        () => settle(() => reject(new Error(`${pattern} was not on ${stream}: ${this.transcript()}`))),
        milliseconds,
      );
      this.#waiting.add(check);
      check();
    });
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** The command line with all it has printed, for the report of a failed test. */
  transcript(): string {
    const { exitCode, signalCode } = this.child;
    return [`$ dock ${this.args.join(" ")}`, this.stdout, this.stderr, `→ ${exitCode ?? signalCode ?? "still running"}`]
      .filter((part) => part !== "")
      .join("\n");
  }

  #take(stream: "stdout" | "stderr", text: string): void {
    this[stream] += text;
    for (const check of this.#waiting) check();
  }
}
