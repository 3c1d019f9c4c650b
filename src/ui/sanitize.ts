/** What a terminal would obey instead of showing: control characters but tab and newline, and marks that reorder text. */
// oxlint-disable-next-line no-control-regex
const HAZARD = /[\p{Cc}\p{Bidi_C}]/u;

/** Colours and their likes: the one escape sequence that is let through. */
// oxlint-disable-next-line no-control-regex
const COLOR = /\x1b\[[0-9;]{0,40}m/y;

/** The start of what may become a colour or a line end with the next piece of text. */
// oxlint-disable-next-line no-control-regex
const UNFINISHED = /(?:\x1b(?:\[[0-9;]{0,40})?|\r)$/;

/**
 * Makes text from containers, builds and files safe to print: colours stay, line ends become `\n`, all else that a
 * terminal would act on is spelled out (`^[`, `\x9b`, `\u202e`). Keeps an unfinished sequence for the next piece, so
 * the cuts between pieces don't matter.
 */
export class Sanitizer {
  #rest = "";

  /** The safe text of what is complete so far. */
  push(text: string): string {
    const all = this.#rest + text;
    const unfinished = UNFINISHED.exec(all)?.[0] ?? "";
    this.#rest = unfinished;
    return visible(all.slice(0, all.length - unfinished.length), { colors: true, ends: false });
  }

  /** What was kept back, for the end of the text. */
  end(): string {
    const rest = this.#rest;
    this.#rest = "";
    return visible(rest, { colors: true, ends: true });
  }
}

/** Safe text of a whole text with its colours and line ends. */
export function sanitizeText(text: string): string {
  return visible(text, { colors: true, ends: true });
}

/** Safe text of a name, a path or a value: one line, without colours. */
export function sanitizeName(text: string): string {
  return HAZARD.test(text)
    ? visible(text, { colors: false, ends: true }).replaceAll("\n", "^J").replaceAll("\t", "^I")
    : text;
}

/** Text without its colours, as safe text has them. */
export function withoutColors(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.includes("\x1b") ? text.replaceAll(/\x1b\[[0-9;]*m/g, "") : text;
}

/** One line of safe text for a style: without colours where they are off, else with none left open. */
export function closeColors(line: string, color: boolean): string {
  if (!line.includes("\x1b")) return line;
  return color ? `${line}\x1b[0m` : withoutColors(line);
}

/** `ends` tells whether the text is whole: a return at its end belongs to no line end then. */
function visible(text: string, of: { readonly colors: boolean; readonly ends: boolean }): string {
  if (!HAZARD.test(text)) return text;
  let out = "";
  for (let index = 0; index < text.length;) {
    const code = text.codePointAt(index) ?? 0;
    COLOR.lastIndex = index;
    const color = of.colors && code === 0x1b ? COLOR.exec(text)?.[0] : undefined;
    if (color !== undefined) {
      out += color;
      index += color.length;
      continue;
    }
    const character = String.fromCodePoint(code);
    index += character.length;
    // A lone return would let the text overwrite what stands before it on the line.
    if (code === 0x0d) out += (of.ends && index === text.length) || text[index] === "\n" ? "" : "\n";
    else out += code !== 0x0a && code !== 0x09 && HAZARD.test(character) ? spelled(code) : character;
  }
  return out;
}

function spelled(code: number): string {
  if (code === 0x7f) return "^?";
  if (code < 0x20) return `^${String.fromCharCode(code + 0x40)}`;
  return code < 0x100 ? `\\x${code.toString(16)}` : `\\u${code.toString(16).padStart(4, "0")}`;
}
