/** Longest line that is waited for; a longer one is given in pieces. */
const LIMIT = 64 * 1024;

const LINE_FEED = 0x0a;

/** Puts lines together from output that was cut anywhere, also within a character. */
export class LineBuffer {
  #pending: Buffer[] = [];
  #size = 0;

  /** The lines that these bytes complete, without their ends. */
  push(bytes: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      this.#pending.push(bytes.subarray(start, end));
      lines.push(this.#take());
      start = end + 1;
    }
    if (start < bytes.length) {
      this.#pending.push(bytes.subarray(start));
      this.#size += bytes.length - start;
    }
    if (this.#size > LIMIT) lines.push(this.#take());
    return lines;
  }

  /** The last line, if the output did not end with a line end. */
  end(): string | undefined {
    return this.#pending.length === 0 ? undefined : this.#take();
  }

  #take(): string {
    const text = Buffer.concat(this.#pending).toString("utf8");
    this.#pending = [];
    this.#size = 0;
    return asShown(text);
  }
}

/** A line as a terminal would leave it: a progress bar that returned to the line's start has only its last state. */
function asShown(line: string): string {
  const text = line.endsWith("\r") ? line.slice(0, -1) : line;
  return text.slice(text.lastIndexOf("\r") + 1);
}
