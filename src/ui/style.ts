import picocolors from "picocolors";

/** Turns text into the same text in a colour, or into itself where colours are off. */
export type Paint = (text: string) => string;

/** The variables that decide about looks. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What is known of a stream that text is written to. */
export interface Output {
  write(text: string): boolean;
  readonly isTTY?: boolean | undefined;
  /** Width in cells; undefined where the stream is no terminal. */
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** How text is to look on one stream: colours, symbols and the width that lines should keep to. */
export interface Style {
  readonly color: boolean;
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly blue: Paint;
  readonly magenta: Paint;
  readonly cyan: Paint;
  readonly symbols: Symbols;
  /** Cells that a line may take; undefined where nobody wraps lines. */
  readonly width: number | undefined;
}

const UNICODE = {
  arrow: "→",
  ellipsis: "…",
  build: "▸",
  create: "+",
  change: "~",
  remove: "-",
  restart: "↻",
  start: "↑",
  stop: "↓",
  pull: "⇣",
  wait: "◷",
  done: "✔",
  failed: "✖",
  skipped: "◌",
  waiting: "◌",
  dot: "·",
  output: "›",
  rule: "│",
  bar: "█",
  barParts: " ▏▎▍▌▋▊▉",
  spinner: "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏",
} as const;

/** The signs that output is made of. */
export type Symbols = { readonly [name in keyof typeof UNICODE]: string };

const ASCII: Symbols = {
  arrow: "->",
  ellipsis: "...",
  build: ">",
  create: "+",
  change: "~",
  remove: "-",
  restart: "*",
  start: "^",
  stop: "v",
  pull: "<",
  wait: "?",
  done: "+",
  failed: "x",
  skipped: "-",
  waiting: ".",
  dot: "-",
  output: ">",
  rule: "|",
  bar: "#",
  barParts: " ",
  spinner: "-\\|/",
};

/**
 * Style for a stream. Colours are off with `noColor`, with a non-empty NO_COLOR and on whatever is no terminal, unless
 * FORCE_COLOR asks for them; ASCII signs stand in where the terminal is known to have no others.
 */
export function createStyle(of: {
  readonly output: Output;
  readonly env: Environment;
  readonly noColor?: boolean;
}): Style {
  const { output, env } = of;
  return styleWith({
    color: of.noColor !== true && wantsColor(output, env),
    unicode: hasUnicode(output, env),
    width: output.isTTY === true ? (output.columns ?? 80) : undefined,
  });
}

/** Style from plain facts, for text that goes to no stream. */
export function styleWith(of: {
  readonly color: boolean;
  readonly unicode?: boolean;
  readonly width?: number | undefined;
}): Style {
  const { bold, dim, red, green, yellow, blue, magenta, cyan } = picocolors.createColors(of.color);
  const symbols = of.unicode === false ? ASCII : UNICODE;
  return { color: of.color, bold, dim, red, green, yellow, blue, magenta, cyan, symbols, width: of.width };
}

function wantsColor(output: Output, env: Environment): boolean {
  if (isSet(env["NO_COLOR"])) return false;
  const forced = env["FORCE_COLOR"];
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  return output.isTTY === true && env["TERM"] !== "dumb";
}

/** The Linux console's font has neither braille nor eighth blocks; old Windows consoles use code pages. */
function hasUnicode(output: Output, env: Environment): boolean {
  if (output.isTTY !== true) return true;
  if (env["TERM"] === "linux" || env["TERM"] === "dumb") return false;
  return env["OS"] !== "Windows_NT" || isSet(env["WT_SESSION"]) || env["TERM_PROGRAM"] === "vscode";
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "";
}
