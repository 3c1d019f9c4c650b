/** White space as Go's `unicode.IsSpace` has it, for use inside a character class; JavaScript's `\s` differs in two. */
export const SPACE = "\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

const ONE = new RegExp(`^[${SPACE}]$`);
const LEADING = new RegExp(`^[${SPACE}]+`);
const TRAILING = new RegExp(`[${SPACE}]$`);

/** True for one character of white space. */
export function isSpace(character: string): boolean {
  return ONE.test(character);
}

/** The text without white space in front. */
export function trimStart(text: string): string {
  return text.replace(LEADING, "");
}

/** The text without white space at either end. */
export function trimSpace(text: string): string {
  let end = text.length;
  while (end > 0 && TRAILING.test(text.slice(end - 1, end))) end -= 1;
  return trimStart(text.slice(0, end));
}
