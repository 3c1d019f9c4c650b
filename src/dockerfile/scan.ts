import { type Heredoc, type HeredocStart, heredocStarts } from "./heredoc.ts";
import { isSpace, SPACE, trimStart } from "./space.ts";
import { type Command, splitCommand } from "./split-command.ts";
import { concat, type Traced, traced } from "./traced.ts";

/** First and last line, counted from 1. */
export interface Lines {
  readonly start: number;
  readonly end: number;
}

/** One instruction, continuations joined and comments left out. */
export interface LogicalLine {
  readonly command: Command;
  /** With the bodies of its heredocs. */
  readonly lines: Lines;
  readonly heredocs: readonly Heredoc[];
}

/** The directives in front of a Dockerfile (`# escape=`, `# syntax=`, `# check=`). */
export interface Directives {
  readonly escape: "\\" | "`";
  /** The frontend image that the file asks for. */
  readonly syntax?: string;
  readonly check?: string;
}

/** A mistake that keeps the file from being understood. */
export interface Problem {
  readonly message: string;
  readonly lines: Lines;
}

/** A Dockerfile cut into its instructions. */
export interface Scan {
  readonly directives: Directives;
  readonly instructions: readonly LogicalLine[];
  readonly problems: readonly Problem[];
}

interface SourceLine {
  /** Without its line break. */
  readonly text: string;
  readonly raw: string;
  readonly offset: number;
}

const COMMENT = new RegExp(`^[${SPACE}]*#`);
const DIRECTIVE = /^([a-zA-Z][a-zA-Z0-9]*)\s*=/;

/** Cuts a Dockerfile into instructions, by BuildKit's rules for directives, comments, continuations and heredocs. */
export function scan(text: string): Scan {
  const lines = sourceLines(text);
  const { directives, problems } = readDirectives(lines);
  const continuation = directives.escape === "`" ? /(?:([^`])|^)`[ \t]*$/ : /(?:([^\\])|^)\\[ \t]*$/;
  const instructions: LogicalLine[] = [];
  let next = 0;
  while (next < lines.length) {
    const start = next;
    const pieces: Traced[] = [];
    let open = true;
    while (open && next < lines.length) {
      const line = lines[next];
      next += 1;
      if (!line) continue;
      const first = pieces.length === 0;
      if (COMMENT.test(line.text) || isBlank(line.text)) {
        // In front of an instruction such a line stands alone; inside of one it is skipped.
        open = !first;
        continue;
      }
      const shown = first ? trimStart(line.text) : line.text;
      const end = continuation.exec(shown);
      const kept = end ? shown.slice(0, end.index + (end[1]?.length ?? 0)) : shown;
      pieces.push(traced(kept, line.offset + line.text.length - shown.length));
      open = end !== null;
    }
    const content = concat(pieces);
    if (pieces.length === 0 || isBlank(content.text)) continue;
    const command = splitCommand(content, directives.escape);
    const body = readHeredocs(heredocStarts(content, command, directives.escape), { lines, next });
    next = body.next;
    const range = { start: start + 1, end: next };
    if (body.unterminated) problems.push({ message: `heredoc ${body.unterminated} has no end`, lines: range });
    instructions.push({ command, lines: range, heredocs: body.heredocs });
  }
  return { directives, instructions, problems };
}

function sourceLines(text: string): readonly SourceLine[] {
  const lines: SourceLine[] = [];
  let offset = text.startsWith("\uFEFF") ? 1 : 0;
  while (offset < text.length) {
    const feed = text.indexOf("\n", offset);
    const raw = text.slice(offset, feed < 0 ? undefined : feed + 1);
    lines.push({ text: withoutBreak(raw), raw, offset });
    offset += raw.length;
  }
  return lines;
}

function withoutBreak(line: string): string {
  let end = line.length;
  while (end > 0 && (line[end - 1] === "\n" || line[end - 1] === "\r")) end -= 1;
  return line.slice(0, end);
}

function isBlank(line: string): boolean {
  for (const character of line) if (!isSpace(character)) return false;
  return true;
}

/** Directives stand in front of everything, each once; the first other line ends them. A `#!` line only hides none from the syntax. */
function readDirectives(lines: readonly SourceLine[]): { directives: Directives; problems: Problem[] } {
  const seen = new Map<string, string>();
  const problems: Problem[] = [];
  for (const [index, { text }] of lines.entries()) {
    const shown = trimStart(text);
    if (index === 0 && shown.startsWith("#!")) {
      const syntax = directivesFrom(lines.slice(1)).get("syntax");
      return { directives: { escape: "\\", ...(syntax === undefined ? {} : { syntax }) }, problems };
    }
    const found = directive(shown);
    if (!found) break;
    const at = { start: index + 1, end: index + 1 };
    if (seen.has(found.name)) problems.push({ message: `only one ${found.name} directive can be used`, lines: at });
    else seen.set(found.name, found.value);
    if (found.name === "escape" && found.value !== "\\" && found.value !== "`") {
      problems.push({ message: `invalid escape character ${JSON.stringify(found.value)}: it is \` or \\`, lines: at });
    }
  }
  const syntax = seen.get("syntax");
  const check = seen.get("check");
  return {
    directives: {
      escape: seen.get("escape") === "`" ? "`" : "\\",
      ...(syntax === undefined ? {} : { syntax }),
      ...(check === undefined ? {} : { check }),
    },
    problems,
  };
}

function directivesFrom(lines: readonly SourceLine[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { text } of lines) {
    const one = directive(trimStart(text));
    if (!one) break;
    if (!found.has(one.name)) found.set(one.name, one.value);
  }
  return found;
}

function directive(line: string): { readonly name: string; readonly value: string } | undefined {
  if (!line.startsWith("#")) return undefined;
  const shown = trimStart(line.slice(1));
  const match = DIRECTIVE.exec(shown);
  const name = match?.[1]?.toLowerCase() ?? "";
  const value = shown.slice(match?.[0].length ?? 0).trim();
  return value !== "" && ["syntax", "escape", "check"].includes(name) ? { name, value } : undefined;
}

/** The bodies that follow an instruction's line, each up to its terminator. */
function readHeredocs(
  starts: readonly HeredocStart[],
  from: { readonly lines: readonly SourceLine[]; readonly next: number },
): { readonly heredocs: readonly Heredoc[]; readonly next: number; readonly unterminated?: string } {
  let { next } = from;
  const heredocs: Heredoc[] = [];
  for (const start of starts) {
    let content = "";
    let ended = false;
    while (!ended && next < from.lines.length) {
      const line = from.lines[next];
      next += 1;
      if (!line) continue;
      ended = (start.chomp ? line.text.replace(/^\t+/, "") : line.text) === start.name;
      if (!ended) content += line.raw;
    }
    heredocs.push({ ...start, content });
    if (!ended) return { heredocs, next, unterminated: start.name };
  }
  return { heredocs, next };
}
