import type { Output } from "./style.ts";
import { displayWidth } from "./width.ts";

/**
 * Shows texts in one place, each over the one before. On what is no terminal they follow one another. Lines that the
 * terminal has no room for are left out.
 */
export function redrawer(output: Output): (text: string) => void {
  let rows = 0;
  return (text) => {
    if (output.isTTY !== true) {
      output.write(`${text}\n`);
      return;
    }
    const columns = Math.max(1, output.columns ?? 80);
    const lines: string[] = [];
    let height = 0;
    for (const line of text.split("\n")) {
      const needed = Math.max(1, Math.ceil(displayWidth(line) / columns));
      if (height + needed >= (output.rows ?? 24)) break;
      lines.push(line);
      height += needed;
    }
    output.write(`${rows > 0 ? `\x1b[${rows}A` : ""}\x1b[0J${lines.map((line) => `${line}\n`).join("")}`);
    rows = height;
  };
}
