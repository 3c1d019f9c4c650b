import type { LineRange } from "./go-json.ts";

/**
 * Where an error stands in the Dockerfile, for engines that don't tell (before 23): the lines of the instruction that
 * a step's name ("[2/3] RUN make") quotes, or the line that a parse error names. Empty when neither is found;
 * several when the same instruction stands there more than once.
 */
export function errorLines(
  dockerfile: string,
  { step, message }: { readonly step: string; readonly message: string },
): LineRange[] {
  const parseError = /dockerfile parse error(?: on)? line (\d+)/i.exec(message);
  if (parseError) return [{ first: Number(parseError[1]), last: Number(parseError[1]) }];
  const quoted = /^\[[^\]]*\d+\/\d+\] (.+)$/s.exec(step)?.[1];
  if (quoted === undefined) return [];
  return instructions(dockerfile)
    .filter(({ text }) => squeezed(text) === squeezed(quoted))
    .map(({ first, last }) => ({ first, last }));
}

function squeezed(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

interface Instruction extends LineRange {
  /** Its lines as one. */
  readonly text: string;
}

/** Instructions as the builder of that time reads them: comments are left out, a line may end in the escape character. */
function instructions(dockerfile: string): Instruction[] {
  const lines = dockerfile.split(/\r?\n/);
  const continued = /^#\s*escape\s*=\s*`\s*$/im.test(dockerfile) ? /`\s*$/ : /\\\s*$/;
  const found: Instruction[] = [];
  let begun: Instruction | undefined;
  for (const [index, line] of lines.entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const text = (begun?.text ?? "") + line.replace(continued, "");
    begun = { first: begun?.first ?? index + 1, last: index + 1, text };
    if (continued.test(line)) continue;
    found.push(begun);
    begun = undefined;
  }
  return begun ? [...found, begun] : found;
}
