import type { Event } from "../event.ts";
import { type Clock, systemClock } from "../std/clock.ts";
import { JsonRenderer } from "./json.ts";
import { PlainRenderer } from "./plain.ts";
import { createStyle, type Environment, type Output } from "./style.ts";
import { TerminalRenderer } from "./terminal.ts";

/** Shows events to somebody. `emit` neither throws nor waits; disposal ends what is still live and restores the terminal. */
export interface Renderer {
  emit(event: Event): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How events may be shown; `auto` is a live display on a terminal and plain lines elsewhere. */
export type RendererMode = "auto" | "tty" | "plain" | "json" | "quiet";

/** What the choice of a renderer depends on. */
export interface RendererOptions {
  readonly mode: RendererMode;
  /** Also show build output, cached steps and the rule behind each watched change. */
  readonly verbose: boolean;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Environment;
  readonly noColor?: boolean;
  readonly clock?: Clock;
}

/**
 * The renderer of a run: JSON on stdout, all else on stderr. `quiet` shows only warnings. Listr2 is loaded only when
 * a live display has something to show.
 */
export function createRenderer(options: RendererOptions): Renderer {
  const { mode, stdout, stderr, env, verbose } = options;
  if (mode === "json") return new JsonRenderer(stdout);
  const style = createStyle({ output: stderr, env, noColor: options.noColor === true });
  const plain = new PlainRenderer({ output: stderr, style, verbose });
  if (mode === "quiet") return quiet(plain);
  if (mode === "plain" || (mode === "auto" && !isLive(stderr, env))) return plain;
  return new TerminalRenderer({ stdout, stderr, style, verbose, clock: options.clock ?? systemClock });
}

/** CI systems may offer a terminal, but nobody looks at it live. */
function isLive(output: Output, env: Environment): boolean {
  return output.isTTY === true && env["TERM"] !== "dumb" && (env["CI"] ?? "") === "";
}

function quiet(plain: PlainRenderer): Renderer {
  return {
    emit: (event) => {
      if (event.type === "warning") plain.emit(event);
    },
    [Symbol.asyncDispose]: () => plain[Symbol.asyncDispose](),
  };
}
