import type { Span } from "../diagnostic.ts";

/** A piece of a Dockerfile that is text as it stands there. */
export interface Word {
  readonly text: string;
  /** From its first to behind its last character; line continuations may lie in between. */
  readonly span: Span;
}

/** A text put together from pieces of a source, which still knows where each of its characters stood. */
export interface Traced {
  readonly text: string;
  /** Offset of each UTF-16 unit in the source. */
  readonly offsets: readonly number[];
}

/** The text as it stands in the source from `start` on. */
export function traced(text: string, start: number): Traced {
  return { text, offsets: Array.from({ length: text.length }, (_, index) => start + index) };
}

/** The pieces one behind the other. */
export function concat(pieces: readonly Traced[]): Traced {
  if (pieces.length === 1 && pieces[0]) return pieces[0];
  return { text: pieces.map((piece) => piece.text).join(""), offsets: pieces.flatMap((piece) => piece.offsets) };
}

/** A part of a traced text, by indices as `String.prototype.slice` takes them. */
export function slice(piece: Traced, start: number, end?: number): Traced {
  return { text: piece.text.slice(start, end), offsets: piece.offsets.slice(start, end) };
}

/** The parts of a traced text between the matches of a global expression. */
export function split(piece: Traced, separator: RegExp, limit = Number.POSITIVE_INFINITY): readonly Traced[] {
  const parts: Traced[] = [];
  let start = 0;
  for (const match of piece.text.matchAll(separator)) {
    if (parts.length + 1 >= limit) break;
    parts.push(slice(piece, start, match.index));
    start = match.index + match[0].length;
  }
  return [...parts, slice(piece, start)];
}

/** The text with the place it takes in the source. */
export function word(piece: Traced): Word {
  const start = piece.offsets[0] ?? 0;
  const last = piece.offsets.at(-1);
  return { text: piece.text, span: { start, end: last === undefined ? start : last + 1 } };
}
