import type { Output } from "../../src/ui/style.ts";

/** A terminal's screen in memory: understands what live displays use and shows the rest. Lines longer than the width are noted. */
export class Screen implements Output {
  readonly isTTY = true;
  readonly rows = 50;
  columns: number;
  cursorVisible = true;
  /** Everything written, as it came. */
  raw = "";
  /** Lines that the terminal would have had to break. */
  readonly tooLong: string[] = [];
  #lines: string[] = [""];
  #row = 0;
  #column = 0;

  constructor(columns = 80) {
    this.columns = columns;
  }

  write(text: string): boolean {
    this.raw += text;
    // oxlint-disable-next-line no-control-regex
    for (const [piece] of text.matchAll(/\x1b\[[?0-9;]*[A-Za-z]|[^]/gu)) this.#put(piece);
    return true;
  }

  /** What stands on the screen, without empty lines at the end. */
  get text(): string {
    return this.#lines
      .map((line) => line.trimEnd())
      .join("\n")
      .trimEnd();
  }

  #put(piece: string): void {
    if (piece === "\n") this.#moveTo(this.#row + 1, 0);
    else if (piece === "\x1b[2K") this.#lines[this.#row] = "";
    else if (piece === "\x1b[1A") this.#row = Math.max(0, this.#row - 1);
    else if (piece === "\x1b[G") this.#column = 0;
    else if (piece === "\x1b[?25l") this.cursorVisible = false;
    else if (piece === "\x1b[?25h") this.cursorVisible = true;
    else if (piece.startsWith("\x1b[") && !piece.endsWith("m")) throw new Error(`unexpected ${JSON.stringify(piece)}`);
    else if (!piece.startsWith("\x1b")) this.#draw(piece);
  }

  #draw(character: string): void {
    const line = this.#lines[this.#row] ?? "";
    const next =
      line.padEnd(this.#column).slice(0, this.#column) + character + line.slice(this.#column + character.length);
    this.#lines[this.#row] = next;
    this.#column += character.length;
    if (this.#column > this.columns) this.tooLong.push(next);
  }

  #moveTo(row: number, column: number): void {
    while (this.#lines.length <= row) this.#lines.push("");
    this.#row = row;
    this.#column = column;
  }
}
