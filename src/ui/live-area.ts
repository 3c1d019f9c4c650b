import { StringDecoder } from "node:string_decoder";
import type { Output } from "./style.ts";
import { displayWidth } from "./width.ts";

/** A stream whose `write` can be stood in for. */
interface Writable extends Output {
  write: Write;
}

type Write = Output["write"];

/** What a display that redraws itself writes before each frame to take back the last one. */
// oxlint-disable-next-line no-control-regex
const TAKE_BACK = /^(?:\x1b\[2K(?:\x1b\[1A)?)*(?:\x1b\[G)?/;
// oxlint-disable-next-line no-control-regex
const CURSOR_ONLY = /^(?:\x1b\[\?25[lh])+$/;

/**
 * The last lines of a terminal while they are redrawn. Whatever else is written to the terminal meanwhile, by whomever,
 * appears above them in whole lines: the frame is taken back, the text printed, the frame drawn again.
 */
export class LiveArea {
  readonly #terminal: Writable;
  readonly #others: readonly Writable[];
  readonly #restore: (() => void)[] = [];
  #draw: Write;
  #frame = "";
  /** Width that the frame was drawn at. */
  #drawnAt = 0;

  /** Frames go to `terminal`; writes to `others` are held off as well where they are terminals. */
  constructor(terminal: Output, others: readonly Output[]) {
    this.#terminal = terminal as Writable;
    this.#others = others.filter((other) => other.isTTY === true && other !== terminal) as Writable[];
    this.#draw = terminal.write.bind(terminal);
  }

  /** Width in cells as it is now. */
  get columns(): number {
    return this.#terminal.columns ?? 80;
  }

  /** Height in lines as it is now. */
  get rows(): number {
    return this.#terminal.rows ?? 24;
  }

  /** Stands in for the streams' `write` until `close`. */
  open(): void {
    this.#draw = this.#terminal.write.bind(this.#terminal);
    for (const stream of [this.#terminal, ...this.#others]) this.#standIn(stream);
  }

  /** Writes a frame, or takes the last one back, as the display asks. */
  readonly draw = (text: string): boolean => {
    if (CURSOR_ONLY.test(text)) return this.#draw(text);
    const back = TAKE_BACK.exec(text)?.[0] ?? "";
    const frame = text.slice(back.length);
    const done = this.#draw((back === "" ? "" : this.#takeBack()) + frame);
    this.#frame = frame;
    this.#drawnAt = this.columns;
    return done;
  };

  /** Gives the streams back; unfinished lines are printed now. The frame stays where it is. */
  close(): void {
    for (const restore of this.#restore.splice(0)) restore();
    this.#frame = "";
  }

  #standIn(stream: Writable): void {
    const own = Object.getOwnPropertyDescriptor(stream, "write");
    const write = stream.write.bind(stream);
    const decoder = new StringDecoder("utf8");
    let rest = "";
    stream.write = (chunk: string | Uint8Array, ...more: unknown[]): boolean => {
      const text = typeof chunk === "string" ? chunk : decoder.write(Buffer.from(chunk));
      const lines = rest + text;
      const end = lines.lastIndexOf("\n") + 1;
      if (CURSOR_ONLY.test(text)) write(text);
      else {
        rest = lines.slice(end);
        if (end > 0) this.#above(lines.slice(0, end), write);
      }
      const callback = more.find((argument) => typeof argument === "function");
      if (callback) queueMicrotask(() => (callback as () => void)());
      return true;
    };
    this.#restore.push(() => {
      if (own) Object.defineProperty(stream, "write", own);
      else delete (stream as { write?: Write }).write;
      if (rest !== "") write(`${rest}\n`);
    });
  }

  #above(text: string, write: Write): void {
    this.#draw(this.#takeBack());
    write(text);
    this.#draw(this.#frame);
    this.#drawnAt = this.columns;
  }

  /** Erases the frame, up from the line below it. A terminal that got narrower has broken the frame's lines meanwhile. */
  #takeBack(): string {
    if (this.#frame === "") return "";
    const { columns } = this;
    const lines = this.#frame
      .split("\n")
      .map((line) => (columns < this.#drawnAt ? Math.max(1, Math.ceil(displayWidth(line) / columns)) : 1));
    const count = lines.reduce((sum, rows) => sum + rows, 0);
    return `${"\x1b[2K\x1b[1A".repeat(count - 1)}\x1b[2K\x1b[G`;
  }
}
