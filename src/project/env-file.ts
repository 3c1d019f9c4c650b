import type { Diagnostic, Source } from "../diagnostic.ts";

/** What a file of `NAME=value` lines holds. */
export interface EnvFileContent {
  /** The last of equal names wins. */
  readonly values: Readonly<Record<string, string>>;
  /** Names without a value, which are taken from the environment. */
  readonly inherited: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

const NAME = /^[A-Za-z_][A-Za-z0-9_.-]*/;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\", $: "$" };

/**
 * Reads `.env` and `env_file` files. `env`: blank lines and `#` comments, `export`, single quotes (literal), double quotes
 * (`\n \r \t \" \\ \$`), both over several lines; an unquoted value ends before a ` #`. `raw`: everything behind `=`.
 * Values are literal: a `$` is a dollar sign. Mistakes never show values.
 */
export function parseEnvFile(source: Source, format: "env" | "raw"): EnvFileContent {
  const values: Record<string, string> = Object.create(null);
  const inherited = new Set<string>();
  const diagnostics: Diagnostic[] = [];
  const { text } = source;
  let offset = text.startsWith("\uFEFF") ? 1 : 0;

  const report = (start: number, message: string, hint?: string): void => {
    const at = { source, span: { start, end: start + 1 } };
    diagnostics.push({ severity: "error", code: "invalid-env-line", message, at, ...(hint !== undefined && { hint }) });
  };

  while (offset < text.length) {
    const end = endOfLine(text, offset);
    const line = text.slice(offset, end);
    const start = offset + (line.length - line.trimStart().length);
    offset = end + 1;
    if (line.trim() === "" || line.trimStart().startsWith("#")) continue;
    const exported = format === "env" ? (/^export[ \t]+/.exec(text.slice(start, end))?.[0].length ?? 0) : 0;
    const name = NAME.exec(text.slice(start + exported, end))?.[0];
    if (name === undefined || name === "__proto__" || name === "constructor" || name === "prototype") {
      report(start, "this line does not start with a name", "write `NAME=value`");
      continue;
    }
    const after = start + exported + name.length;
    const separator = /^[ \t]*=[ \t]*/.exec(text.slice(after, end))?.[0];
    if (separator === undefined) {
      if (text.slice(after, end).trim() === "") inherited.add(name);
      else report(start, "the name is not followed by `=`", "write `NAME=value`");
      continue;
    }
    const value =
      format === "raw"
        ? { text: text.slice(text.indexOf("=", after) + 1, end).replace(/\r$/, ""), end }
        : readValue(text, after + separator.length);
    if (value.text === undefined) report(after + separator.length, value.message);
    else {
      values[name] = value.text;
      inherited.delete(name);
    }
    offset = value.end + 1;
  }
  return { values, inherited: [...inherited].filter((name) => !(name in values)), diagnostics };
}

type Value =
  | { readonly text: string; readonly end: number }
  | { readonly text?: undefined; readonly message: string; readonly end: number };

/** A value from its first character on; `end` is the end of its last line. */
function readValue(text: string, start: number): Value {
  const quote = text.charAt(start);
  if (quote !== "'" && quote !== '"') {
    const end = endOfLine(text, start);
    const value = text.slice(start, end);
    return { text: value.replace(/(^|[ \t])#.*$/s, "").trimEnd(), end };
  }
  let value = "";
  for (let offset = start + 1; offset < text.length; offset += 1) {
    const character = text.charAt(offset);
    if (character === quote) {
      const end = endOfLine(text, offset);
      const rest = text.slice(offset + 1, end).trim();
      if (rest === "" || rest.startsWith("#")) return { text: value.replaceAll("\r\n", "\n"), end };
      return { message: "text follows the closing quote", end };
    }
    const next = text.charAt(offset + 1);
    if (quote === '"' && character === "\\" && next in ESCAPES) {
      value += ESCAPES[next];
      offset += 1;
    } else value += character;
  }
  return { message: `the ${quote} is not closed`, end: endOfLine(text, start) };
}

function endOfLine(text: string, offset: number): number {
  const end = text.indexOf("\n", offset);
  return end < 0 ? text.length : end;
}
