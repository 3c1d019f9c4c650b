/** Characters of two cells: East Asian wide and full-width forms, and what is shown as an emoji. */
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{17000}-\u{18cff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]/u;

/** Characters of no cell: marks on the one before, joiners, variation selectors, Hangul vowels and finals. */
const NARROWLESS = /[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]/u;

// oxlint-disable-next-line no-control-regex
const COLOR = /\x1b\[[0-9;]*m/y;

/** The text's pieces in order: a colour sequence of no width, or one character with its cells. */
function* pieces(text: string): Generator<{ readonly text: string; readonly cells: number; readonly color: boolean }> {
  for (let index = 0; index < text.length;) {
    COLOR.lastIndex = index;
    const color = text[index] === "\x1b" ? COLOR.exec(text)?.[0] : undefined;
    const piece = color ?? String.fromCodePoint(text.codePointAt(index) ?? 0);
    yield { text: piece, cells: color === undefined ? cells(piece) : 0, color: color !== undefined };
    index += piece.length;
  }
}

function cells(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (NARROWLESS.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** Cells that a line of safe text takes on a terminal; colours take none. */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const piece of pieces(text)) width += piece.cells;
  return width;
}

/** The line cut to at most `width` cells, the last of them `ellipsis` when something was cut; colours stay balanced. */
export function truncate(text: string, width: number, ellipsis: string): string {
  if (displayWidth(text) <= width) return text;
  const room = Math.max(0, width - displayWidth(ellipsis));
  let used = 0;
  let cut = false;
  let kept = "";
  for (const piece of pieces(text)) {
    if (piece.color) kept += piece.text;
    else if (!cut && used + piece.cells <= room) {
      kept += piece.text;
      used += piece.cells;
    } else if (!cut) {
      cut = true;
      if (width >= displayWidth(ellipsis)) kept += ellipsis;
    }
  }
  return kept;
}

/** The text in lines of at most `width` cells, broken at spaces; a word that is wider has its end cut. */
export function wrap(text: string, width: number, ellipsis: string): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (displayWidth(longer) <= width) line = longer;
    else {
      if (line !== "") lines.push(line);
      line = truncate(word, width, ellipsis);
    }
  }
  return [...lines, line];
}

/** The line with spaces after it (before it when `right`) up to `width` cells. */
export function pad(text: string, width: number, right = false): string {
  const spaces = " ".repeat(Math.max(0, width - displayWidth(text)));
  return right ? spaces + text : text + spaces;
}
