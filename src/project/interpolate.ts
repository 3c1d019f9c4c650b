/** Looks a variable up; undefined when it is not set. */
export type Lookup = (name: string) => string | undefined;

/** A string with its variables put in, or why that can't be done. Neither mistake nor hint holds a variable's value. */
export type Interpolated =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "mistake"; readonly code: string; readonly message: string; readonly hint?: string };

const MAX_NESTING = 20;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
/** In braces there are also the axes of an image's matrix: `matrix.x`, or `matrix.x.key`. */
const BRACED_NAME = /matrix(?:\.[A-Za-z_][A-Za-z0-9_]*){1,2}|[A-Za-z_][A-Za-z0-9_]*/y;

/** Ends the reading of one template. */
class TemplateMistake extends Error {
  readonly code: string;
  readonly hint: string | undefined;

  constructor(code: string, message: string, hint?: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/**
 * Puts variables into a string: `$V`, `${V}`, `${V:-d}`, `${V-d}`, `${V:?m}`, `${V?m}`, `${V:+a}`, `${V+a}`, with templates
 * as `d` and `a`, and `$$` for a dollar sign. One pass: what a variable holds is not looked at again.
 */
export function interpolate(template: string, lookup: Lookup): Interpolated {
  if (!template.includes("$")) return { kind: "text", text: template };
  try {
    return { kind: "text", text: new TemplateReader(template, lookup).read() };
  } catch (error) {
    if (!(error instanceof TemplateMistake)) throw error;
    const { code, message, hint } = error;
    return { kind: "mistake", code, message, ...(hint !== undefined && { hint }) };
  }
}

/** A cursor over one template. */
class TemplateReader {
  readonly #template: string;
  readonly #lookup: Lookup;
  #offset = 0;

  constructor(template: string, lookup: Lookup) {
    this.#template = template;
    this.#lookup = lookup;
  }

  read(): string {
    return this.#text(0, true);
  }

  /** Text up to the end, or up to the `}` that closes a nested template. A part that is not `used` may name unset variables. */
  #text(nesting: number, used: boolean): string {
    if (nesting > MAX_NESTING)
      throw new TemplateMistake("invalid-interpolation", `\`\${…}\` is nested more than ${MAX_NESTING} deep`);
    let text = "";
    while (this.#offset < this.#template.length) {
      const character = this.#template.charAt(this.#offset);
      if (character === "}" && nesting > 0) break;
      if (character === "$") text += this.#variable(nesting, used);
      else {
        text += character;
        this.#offset += 1;
      }
    }
    return text;
  }

  /** What stands at a `$`. */
  #variable(nesting: number, used: boolean): string {
    this.#offset += 1;
    const next = this.#template.charAt(this.#offset);
    if (next === "$") {
      this.#offset += 1;
      return "$";
    }
    if (next === "{") {
      this.#offset += 1;
      return this.#braced(nesting, used);
    }
    const name = this.#name();
    if (name === undefined)
      throw new TemplateMistake("invalid-interpolation", "this `$` starts no variable", "write `$$` for a dollar sign");
    return this.#value(name, used);
  }

  #braced(nesting: number, used: boolean): string {
    const name = this.#name(BRACED_NAME);
    if (name === undefined)
      throw new TemplateMistake(
        "invalid-interpolation",
        "`${` is not followed by the name of a variable",
        "write `$${` for the text itself",
      );
    const operator = /:?[-?+]|\}|/y;
    operator.lastIndex = this.#offset;
    const sign = operator.exec(this.#template)?.[0] ?? "";
    if (sign === "")
      throw new TemplateMistake(
        "invalid-interpolation",
        `\`\${${name}\` is not closed by \`}\``,
        "write `$${` for the text itself",
      );
    this.#offset += sign.length;
    if (sign === "}") return this.#value(name, used);

    const value = this.#lookup(name);
    const present = value !== undefined && (!sign.startsWith(":") || value !== "");
    const kind = sign.at(-1);
    const wordStart = this.#offset;
    const word = this.#text(nesting + 1, used && kind !== "?" && present === (kind === "+"));
    const written = this.#template.slice(wordStart, this.#offset);
    if (this.#template.charAt(this.#offset) !== "}") {
      throw new TemplateMistake(
        "invalid-interpolation",
        `\`\${${name}\` is not closed by \`}\``,
        "write `$${` for the text itself",
      );
    }
    this.#offset += 1;
    if (kind === "+") return present ? word : "";
    if (present) return value ?? "";
    if (kind === "-") return word;
    if (!used) return "";
    throw new TemplateMistake(
      "unset-variable",
      `the variable \`${name}\` is ${value === undefined ? "not set" : "empty"}${written === "" ? "" : `: ${written}`}`,
    );
  }

  #name(pattern = NAME): string | undefined {
    pattern.lastIndex = this.#offset;
    const name = pattern.exec(this.#template)?.[0];
    if (name !== undefined) this.#offset += name.length;
    return name;
  }

  #value(name: string, used: boolean): string {
    const value = this.#lookup(name);
    if (value !== undefined) return value;
    if (!used) return "";
    if (name.startsWith("matrix."))
      throw new TemplateMistake("unknown-name", `\`\${${name}}\` is no axis of a matrix of this image`);
    throw new TemplateMistake(
      "unset-variable",
      `the variable \`${name}\` is not set`,
      `set it, or give a default: \`\${${name}:-…}\``,
    );
  }
}
