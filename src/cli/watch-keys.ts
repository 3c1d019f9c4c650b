import type { Session } from "./session.ts";

/** Keys of a running watch, where stdin is a terminal. Disposing restores the terminal. */
export interface WatchKeys extends Disposable {
  /** Aborts at `q` or Ctrl-C. */
  readonly quit: AbortSignal;
}

const CTRL_C = "\u0003";

/** Whether somebody sits at a terminal in front of this run, and wants a live display. */
export function isAttended({ io, globals }: Session): boolean {
  const { stdin, stderr, env } = io;
  if (stdin.isTTY !== true || stderr.isTTY !== true || env["TERM"] === "dumb" || (env["CI"] ?? "") !== "") return false;
  return !globals.json && !globals.plain && !globals.quiet;
}

/**
 * Listens for keys and passes on those that don't quit. A second `q` or Ctrl-C, when the end takes long, ends the process
 * at once. However the process ends, the terminal is as it was before.
 */
export function watchKeys(session: Session, pressed: (key: string) => void): WatchKeys {
  const { stdin, stderr } = session.io;
  const quit = new AbortController();
  if (stdin.isTTY !== true || stderr.isTTY !== true || session.globals.json)
    return { quit: quit.signal, [Symbol.dispose]: () => undefined };
  const restore = (): void => void stdin.setRawMode?.(false);
  const typed = (chunk: Buffer): void => {
    for (const key of chunk.toString("utf8")) {
      if (key !== "q" && key !== CTRL_C) {
        pressed(key);
        continue;
      }
      if (quit.signal.aborted) process.exit(130);
      quit.abort(new Error("the watch was left"));
    }
  };
  stdin.setRawMode?.(true);
  process.once("exit", restore);
  stdin.on("data", typed);
  stdin.resume();
  return {
    quit: quit.signal,
    [Symbol.dispose]: () => {
      stdin.off("data", typed);
      process.removeListener("exit", restore);
      restore();
      stdin.pause();
    },
  };
}
