import type { Session } from "./session.ts";

/** Keys of a running watch, where stdin is a terminal. Disposing restores the terminal. */
export interface WatchKeys extends Disposable {
  /** Aborts at `q` or Ctrl-C. */
  readonly quit: AbortSignal;
}

const CTRL_C = "\u0003";

/** Listens for keys. A second `q` or Ctrl-C, when the end takes long, ends the process at once. */
export function watchKeys(session: Session): WatchKeys {
  const { stdin, stderr } = session.io;
  const quit = new AbortController();
  if (stdin.isTTY !== true || stderr.isTTY !== true || session.globals.json)
    return { quit: quit.signal, [Symbol.dispose]: () => undefined };
  const typed = (chunk: Buffer): void => {
    const text = chunk.toString("utf8");
    if (text !== "q" && !text.includes(CTRL_C)) return;
    if (quit.signal.aborted) {
      stdin.setRawMode?.(false);
      process.exit(130);
    }
    quit.abort(new Error("the watch was left"));
  };
  stdin.setRawMode?.(true);
  stdin.on("data", typed);
  stdin.resume();
  return {
    quit: quit.signal,
    [Symbol.dispose]: () => {
      stdin.off("data", typed);
      stdin.setRawMode?.(false);
      stdin.pause();
    },
  };
}
