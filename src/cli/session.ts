import { homedir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { connectEngine, type EngineChoice, findEndpoint } from "../engine/connect.ts";
import { endpointText } from "../engine/endpoint.ts";
import type { Engine } from "../engine/engine.ts";
import { DockError } from "../error.ts";
import type { Redactor } from "../ui/redactor.ts";
import { createRenderer, type Renderer, type RendererMode } from "../ui/renderer.ts";
import type { CommandDefinition } from "./command.ts";
import type { GlobalOptions } from "./global-options.ts";

/** What of the process a run may use. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };
  readonly stdout: Output;
  readonly stderr: Output;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** An output stream that may be a terminal. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };

/** What all parts of one command share: the composition root. Closing it closes whatever it opened. */
export interface Session extends AsyncDisposable {
  readonly io: Io;
  readonly globals: GlobalOptions;
  /** Aborts at the first SIGINT or SIGTERM with the error to end with; a second one ends the process at once. */
  readonly signal: AbortSignal;
  /** Gives signals to `handler` instead of aborting, until the returned function is called. */
  divertSignals(handler: (name: NodeJS.Signals) => void): () => void;
  /** Directory for what may be deleted at any time. */
  readonly cacheDirectory: string;
  /** Chosen at its first use, dialed at its first call. */
  engine(): Engine;
  /** The engine's address, which tells engines apart. */
  engineAddress(): Promise<string>;
  /** Shows events of plans and watches as the options and the terminal ask for, without what the redactor hides. */
  renderer(): Renderer;
  /** Keeps values that are secrets out of what this run says. */
  readonly redactor: Redactor;
  /** Ends what is live on the terminal, so that something else can be written there; the next event begins anew. */
  releaseTerminal(): Promise<void>;
}

/** Opens the session of one command line. */
export function openSession(
  io: Io,
  globals: GlobalOptions,
  of: { readonly command: Pick<CommandDefinition, "printsDocument">; readonly redactor: Redactor },
): Session {
  const { command, redactor } = of;
  const controller = new AbortController();
  let diverted: ((name: NodeJS.Signals) => void) | undefined;
  const interrupt = (name: NodeJS.Signals): void => {
    if (diverted) {
      diverted(name);
      return;
    }
    const [code, status] = name === "SIGTERM" ? (["terminated", 143] as const) : (["interrupted", 130] as const);
    if (controller.signal.aborted) process.exit(status);
    controller.abort(new DockError(code, `interrupted by ${name}`));
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of signals) process.on(name, interrupt);
  // Whoever reads our output may stop reading (`dock logs | head`): that is no failure of ours.
  const closed = (error: NodeJS.ErrnoException): void => {
    if (error.code !== "EPIPE") throw error;
    controller.abort(new DockError("output-closed", "nobody reads the output any more"));
  };
  for (const stream of [io.stdout, io.stderr]) stream.on("error", closed);
  const choice: EngineChoice = {
    env: io.env,
    ...(globals.host === undefined ? {} : { host: globals.host }),
    ...(globals.engineContext === undefined ? {} : { context: globals.engineContext }),
  };
  let engine: Engine | undefined;
  let renderer: Renderer | undefined;
  return {
    io,
    globals,
    signal: controller.signal,
    divertSignals: (handler) => {
      diverted = handler;
      return () => (diverted = undefined);
    },
    cacheDirectory: join(io.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "dockyaml"),
    engine: () => {
      engine ??= connectEngine(choice);
      return engine;
    },
    engineAddress: async () => endpointText(await findEndpoint(choice)),
    renderer: () => {
      renderer ??= redacting(
        createRenderer({
          mode: rendererMode(globals, command.printsDocument === true),
          verbose: globals.verbose ?? false,
          noColor: globals.color === false,
          stdout: io.stdout,
          stderr: io.stderr,
          env: io.env,
        }),
        redactor,
      );
      return renderer;
    },
    redactor,
    releaseTerminal: async () => {
      await renderer?.[Symbol.asyncDispose]();
      renderer = undefined;
    },
    [Symbol.asyncDispose]: async () => {
      for (const name of signals) process.off(name, interrupt);
      await renderer?.[Symbol.asyncDispose]();
      await engine?.close();
      for (const stream of [io.stdout, io.stderr]) stream.off("error", closed);
    },
  };
}

function redacting(renderer: Renderer, redactor: Redactor): Renderer {
  return {
    emit: (event) => renderer.emit(redactor.event(event)),
    [Symbol.asyncDispose]: () => renderer[Symbol.asyncDispose](),
  };
}

function rendererMode(globals: GlobalOptions, printsDocument: boolean): RendererMode {
  if (globals.json && !printsDocument) return "json";
  if (globals.quiet) return "quiet";
  if (globals.live) return "tty";
  return globals.plain ? "plain" : "auto";
}
