import { Sanitizer } from "./sanitize.ts";

/** UTF-16 units after which a line without an end is cut. */
const LONGEST_LINE = 16_384;

/** Cuts a stream of text or UTF-8 bytes into safe lines; holds at most one unfinished line of bounded length. */
export class LogLines {
  readonly #decoder = new TextDecoder();
  readonly #sanitizer = new Sanitizer();
  #rest = "";

  /** The lines that the chunk completes, without their ends. */
  push(chunk: string | Uint8Array): readonly string[] {
    const text = typeof chunk === "string" ? chunk : this.#decoder.decode(chunk, { stream: true });
    const lines = (this.#rest + this.#sanitizer.push(text)).split("\n");
    const last = lines.pop() ?? "";
    const pieces = cut(last);
    this.#rest = pieces.pop() ?? "";
    return [...lines.flatMap(cut), ...pieces];
  }

  /** What has come without a line end. */
  end(): readonly string[] {
    const lines = (this.#rest + this.#sanitizer.push(this.#decoder.decode()) + this.#sanitizer.end()).split("\n");
    this.#rest = "";
    if (lines.at(-1) === "") lines.pop();
    return lines.flatMap(cut);
  }
}

function cut(line: string): string[] {
  const pieces: string[] = [];
  let rest = line;
  while (rest.length > LONGEST_LINE) {
    const end = cutPoint(rest);
    pieces.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  return [...pieces, rest];
}

/** Not within a colour, not between the halves of a character. */
function cutPoint(text: string): number {
  // oxlint-disable-next-line no-control-regex
  const open = /\x1b(?:\[[0-9;]*)?$/.exec(text.slice(LONGEST_LINE - 64, LONGEST_LINE));
  if (open) return LONGEST_LINE - open[0].length;
  const high = (text.charCodeAt(LONGEST_LINE - 1) & 0xfc00) === 0xd800;
  return high ? LONGEST_LINE - 1 : LONGEST_LINE;
}
