import type { Document, ErrorCode, YAMLError } from "yaml";
import type { Diagnostic, Source } from "../diagnostic.ts";

const MAX_SHOWN = 5;

/** What the user should read in place of the parser's words. */
const WORDING: Partial<Readonly<Record<ErrorCode, { message: string; hint?: string }>>> = {
  BAD_ALIAS: { message: "an alias or anchor has no valid name" },
  BAD_DQ_ESCAPE: {
    message: "this is no escape that double quotes know",
    hint: "write \\\\ for a backslash, or use single quotes",
  },
  BAD_INDENT: { message: "this line's indentation does not fit the lines above" },
  BAD_SCALAR_START: { message: "a value can't start with this character", hint: "put the value in quotes" },
  BLOCK_AS_IMPLICIT_KEY: {
    message: "a map or list can't stand on the line of another key",
    hint: "put a value that contains `: ` in quotes",
  },
  BLOCK_IN_FLOW: { message: "an indented map or list can't stand inside [ ] or { }" },
  MULTILINE_IMPLICIT_KEY: { message: "a key must be on one line, followed by `:`" },
  TAB_AS_INDENT: { message: "tabs can't be used for indentation", hint: "use spaces" },
  KEY_OVER_1024_CHARS: { message: "a key can't be longer than 1024 characters" },
};

/** The parser uses one code for many things; its words tell them apart. */
const PHRASES: readonly (readonly [RegExp, string])[] = [
  [/closing ["']quote/, "a quoted text is not closed"],
  [/Implicit map keys need/, "a key must be followed by `:`"],
  [/must end with a \}/, "a `{` is not closed"],
  [/must end with a \]/, "a `[` is not closed"],
  [/must be more indented and end with a/, "a `[` or `{` is not closed, or its end is not indented"],
  [/Missing , between/, "a comma is missing before this"],
  [/Missing , or :/, "a comma or `:` is missing before this"],
  [/Missing space after :/, "a space is missing after `:`"],
  [/Comments must be separated/, "a comment needs a space before its `#`"],
  [/Sequence item without/, "an item of a list must start with `- `"],
  [/All sequence items must start/, "the items of a list must start at the same column"],
  [/^Unexpected/, "this can't stand here"],
];

/** The parser's errors in plain sentences: the first of each line, as one mistake often causes many. */
export function syntaxDiagnostics(source: Source, documents: readonly Document.Parsed[]): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const lines = new Set<number>();
  for (const document of documents) {
    for (const error of [...document.errors, ...document.warnings]) {
      const lineStart = source.text.lastIndexOf("\n", error.pos[0] - 1);
      if (lines.has(lineStart) || diagnostics.length >= MAX_SHOWN) continue;
      lines.add(lineStart);
      diagnostics.push(syntaxDiagnostic(source, error));
    }
    const version = document.directives?.yaml.version ?? "1.2";
    if (version !== "1.2")
      diagnostics.push(
        error(source, 0, { message: `YAML ${version} is not supported`, hint: "remove the %YAML line" }),
      );
  }
  return diagnostics;
}

function syntaxDiagnostic(source: Source, mistake: YAMLError): Diagnostic {
  const start = Math.min(mistake.pos[0], source.text.length);
  if (mistake.code === "TAG_RESOLVE_FAILED")
    return error(source, start, { message: "tags (`!…`) are not supported", hint: "remove the tag" });
  const phrase = PHRASES.find(([pattern]) => pattern.test(mistake.message))?.[1];
  const known = phrase === undefined ? WORDING[mistake.code] : undefined;
  const words = known ?? { message: `not valid YAML: ${phrase ?? plain(mistake.message)}` };
  const hint = interpolationHint(source.text, start) ?? words.hint;
  return error(source, start, { message: words.message, ...(hint !== undefined && { hint }) });
}

function error(source: Source, start: number, words: { message: string; hint?: string }): Diagnostic {
  return { severity: "error", code: "yaml-syntax", ...words, at: { source, span: { start, end: start + 1 } } };
}

/** The parser's own words as part of a sentence. */
function plain(message: string): string {
  const text = message.split("\n")[0] ?? "";
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/[.:]$/, "");
}

/** `{ A: ${B} }` is the mistake that this file format invites. */
function interpolationHint(text: string, offset: number): string | undefined {
  const line = text.slice(text.lastIndexOf("\n", offset - 1) + 1, offset + 1);
  return /[[{,].*\$\{/.test(line) ? "put a value with `${…}` in quotes when it stands inside [ ] or { }" : undefined;
}
