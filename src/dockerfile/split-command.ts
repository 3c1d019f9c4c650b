import { isSpace } from "./space.ts";
import { slice, type Traced } from "./traced.ts";

/** An instruction's line taken apart. */
export interface Command {
  /** In lower case. */
  readonly name: string;
  /** `--name=value` words in front of the arguments, their quotes and escapes resolved. */
  readonly flags: readonly Traced[];
  /** The arguments, without space around them. */
  readonly rest: Traced;
}

const GAP = /[\t\v\f\r ]+/;

/** Splits a line as BuildKit does: the name, the flags, and everything else. */
export function splitCommand(line: Traced, escape: string): Command {
  const trimmed = trim(line);
  const gap = GAP.exec(trimmed.text);
  if (!gap) return { name: trimmed.text.toLowerCase(), flags: [], rest: slice(trimmed, trimmed.text.length) };
  const after = slice(trimmed, gap.index + gap[0].length);
  const { flags, end } = readFlags(after, escape);
  return { name: trimmed.text.slice(0, gap.index).toLowerCase(), flags, rest: trim(slice(after, end)) };
}

/** The text without white space around it. */
export function trim(piece: Traced): Traced {
  const { text } = piece;
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text[start] ?? "")) start += 1;
  while (start < end && isSpace(text[end - 1] ?? "")) end -= 1;
  return slice(piece, start, end);
}

/** Words that begin with "--", up to the first other one or behind a lone "--". */
function readFlags(
  { text, offsets }: Traced,
  escape: string,
): { readonly flags: readonly Traced[]; readonly end: number } {
  const flags: Traced[] = [];
  let at = 0;
  while (at < text.length) {
    if (isSpace(text[at] ?? "")) {
      at += 1;
      continue;
    }
    if (!text.startsWith("--", at)) return { flags, end: at };
    const flag = readFlag({ text, offsets }, { at, escape });
    at = flag.end;
    if (flag.content.text !== "--") flags.push(flag.content);
    else if (at < text.length) return { flags, end: at };
  }
  return { flags, end: text.length };
}

function readFlag(
  { text, offsets }: Traced,
  from: { readonly at: number; readonly escape: string },
): { readonly content: Traced; readonly end: number } {
  let { at } = from;
  let quote: string | undefined;
  let content = "";
  const places: number[] = [];
  for (; at < text.length; at += 1) {
    const character = text[at] ?? "";
    if (quote === undefined && isSpace(character)) break;
    if (character === quote) quote = undefined;
    else if (quote === undefined && (character === "'" || character === '"')) quote = character;
    else {
      if (character === from.escape) at += 1;
      content += text[at] ?? "";
      if (at < text.length) places.push(offsets[at] ?? 0);
    }
  }
  return { content: { text: content, offsets: places }, end: Math.min(at, text.length) };
}
