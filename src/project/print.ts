/** A value of JSON. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

/** Text that means itself: no sign of YAML begins or ends it, and no reader takes it for another type. */
const SELF_EVIDENT = /^[A-Za-z_/][\w./@+-]*(?:[ :][\w./@+-]+)*$/;
/** YAML 1.1 took more words for booleans than 1.2 does. */
const RESERVED = /^(?:true|false|null|yes|no|on|off|y|n)$/i;
/** Lines that can stand as they are: the first not indented, nothing in them that does not show. */
const LINES = /^[^\s\p{C}](?:[^\p{C}\p{Zl}\p{Zp}]|\n)*$/u;

/** A value as YAML 1.2 in block style, long lines unfolded; ends with a line break. */
export function yamlText(value: Plain): string {
  const lines: string[] = [];
  write(value, { lines, first: "", indent: "" });
  return `${lines.join("\n")}\n`;
}

interface Place {
  readonly lines: string[];
  /** What the value's first line begins with. */
  readonly first: string;
  /** What its other lines begin with. */
  readonly indent: string;
}

function write(value: Plain, { lines, first, indent }: Place): void {
  if (Array.isArray(value) && value.length > 0) {
    value.forEach((item: Plain, index) =>
      write(item, { lines, first: `${index === 0 ? first : indent}- `, indent: `${indent}  ` }),
    );
  } else if (isFilledMap(value)) {
    Object.entries(value).forEach(([key, item], index) =>
      writePair(key, item, { lines, first: index === 0 ? first : indent, indent }),
    );
  } else lines.push(`${first}${scalar(value, indent)}`);
}

function writePair(key: string, value: Plain, { lines, first, indent }: Place): void {
  const start = `${first}${quoted(key)}:`;
  if (!isFilled(value)) {
    lines.push(`${start} ${scalar(value, `${indent}  `)}`);
    return;
  }
  lines.push(start);
  write(value, { lines, first: `${indent}  `, indent: `${indent}  ` });
}

function isFilled(value: Plain): boolean {
  return (Array.isArray(value) && value.length > 0) || isFilledMap(value);
}

function isFilledMap(value: Plain): value is { readonly [key: string]: Plain } {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
}

function scalar(value: Plain, indent: string): string {
  if (typeof value !== "string") return JSON.stringify(value);
  const end = value.endsWith("\n") ? "|" : "|-";
  if (!value.includes("\n") || !LINES.test(value) || value.endsWith("\n\n")) return quoted(value);
  const text = value.endsWith("\n") ? value.slice(0, -1) : value;
  return [end, ...text.split("\n").map((line) => (line === "" ? "" : `${indent}${line}`))].join("\n");
}

/** Text on one line. What JSON writes is YAML too. */
function quoted(text: string): string {
  return SELF_EVIDENT.test(text) && !RESERVED.test(text) ? text : JSON.stringify(text);
}
