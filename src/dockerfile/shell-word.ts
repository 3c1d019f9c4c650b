import { replaceOnce, trimMatch } from "./shell-pattern.ts";
import { isSpace } from "./space.ts";

/** A variable whose value can't be known here: a base image or the builder sets it, or may. */
export const UNKNOWN = Symbol("unknown");

/** The value of a variable; undefined for one that is not set. */
export type Lookup = (name: string) => string | typeof UNKNOWN | undefined;

/** How a text is read; what is left out is off. */
export interface WordRules {
  /** The escape character: a backslash unless the Dockerfile says otherwise. */
  readonly escape?: string;
  /** Quotes stay in the text. */
  readonly keepQuotes?: true;
  /** Escape characters stay in the text. */
  readonly keepEscapes?: true;
  /** Variables that are not set stay in the text as they are written. */
  readonly keepUnset?: true;
}

/** A text after expansion. */
export interface Expansion {
  readonly text: string;
  /** The text split at spaces that stand outside of quotes, after expansion. */
  readonly words: readonly string[];
}

/** Nested substitutions beyond this are taken for a mistake: BuildKit would overflow somewhere too. */
const MAX_DEPTH = 100;

/** Thrown inside and turned into undefined at the border: the text has no value that is known here. */
class Unexpandable extends Error {}

/**
 * Expands a text of a Dockerfile like BuildKit's shell lexer: quotes, escapes, `$x`, `${x:-y}`, `${x:+y}`, `${x:?m}`,
 * `${x#p}`, `${x%p}`, `${x/p/r}`. Undefined where it is malformed or depends on an unknown variable.
 */
export function expand(source: string, lookup: Lookup, rules: WordRules = {}): Expansion | undefined {
  try {
    return new Lexer(source, lookup, rules).read();
  } catch (error) {
    if (error instanceof Unexpandable) return undefined;
    throw error;
  }
}

/** Words as they are collected: a space ends one only after it has begun. */
class Words {
  readonly #words: string[] = [];
  #word = "";

  /** Characters that may end the word. */
  add(text: string): void {
    for (const character of text) {
      if (isSpace(character)) this.#end();
      else this.#word += character;
    }
  }

  /** Characters that belong to the word whatever they are. */
  addQuoted(text: string): void {
    this.#word += text;
  }

  finish(): readonly string[] {
    this.#end();
    return this.#words;
  }

  #end(): void {
    if (this.#word !== "") this.#words.push(this.#word);
    this.#word = "";
  }
}

class Lexer {
  readonly #source: string;
  readonly #lookup: Lookup;
  readonly #rules: WordRules;
  readonly #escape: string;
  #at = 0;
  #depth = 0;

  constructor(source: string, lookup: Lookup, rules: WordRules) {
    this.#source = source;
    this.#lookup = lookup;
    this.#rules = rules;
    this.#escape = rules.escape ?? "\\";
  }

  read(): Expansion {
    return this.#until(undefined, this.#rules.keepEscapes === true);
  }

  #peek(): string | undefined {
    const codePoint = this.#source.codePointAt(this.#at);
    return codePoint === undefined ? undefined : String.fromCodePoint(codePoint);
  }

  #next(): string | undefined {
    const character = this.#peek();
    this.#at += character?.length ?? 0;
    return character;
  }

  /** Takes what a sticky expression matches here; it must match something, if only the empty text. */
  #take(expression: RegExp): string {
    expression.lastIndex = this.#at;
    const text = expression.exec(this.#source)?.[0] ?? "";
    this.#at += text.length;
    return text;
  }

  /** Reads up to the stop character, which is taken too, or to the end where there is none. */
  #until(stop: string | undefined, keepEscapes: boolean): Expansion {
    const words = new Words();
    let text = "";
    for (let character = this.#peek(); character !== undefined; character = this.#peek()) {
      if (character === stop) {
        this.#at += character.length;
        return { text, words: words.finish() };
      }
      if (character === "$") {
        const value = this.#variable();
        text += value;
        words.add(value);
      } else if (character === "'" || character === '"' || character === "<") {
        const value = this.#special(character, keepEscapes);
        text += value;
        words.addQuoted(value);
      } else if (character === this.#escape) {
        this.#at += character.length;
        const escaped = (keepEscapes ? character : "") + (this.#next() ?? "");
        text += escaped;
        words.addQuoted(escaped);
      } else {
        this.#at += character.length;
        text += character;
        words.add(character);
      }
    }
    if (stop !== undefined) throw new Unexpandable();
    return { text, words: words.finish() };
  }

  #special(character: string, keepEscapes: boolean): string {
    if (character === "'") return this.#singleQuoted();
    if (character === '"') return this.#doubleQuoted(keepEscapes);
    return this.#redirection();
  }

  #quote(): string {
    const quote = this.#next() ?? "";
    return this.#rules.keepQuotes ? quote : "";
  }

  #singleQuoted(): string {
    const quote = this.#quote();
    const close = this.#source.indexOf("'", this.#at);
    if (close < 0) throw new Unexpandable();
    const text = this.#source.slice(this.#at, close);
    this.#at = close + 1;
    return quote + text + quote;
  }

  #doubleQuoted(keepEscapes: boolean): string {
    const quote = this.#quote();
    let text = quote;
    for (let character = this.#peek(); character !== undefined; character = this.#peek()) {
      if (character === '"') {
        this.#at += 1;
        return text + quote;
      }
      if (character === "$") {
        text += this.#variable();
        continue;
      }
      this.#at += character.length;
      if (character === this.#escape) {
        if (keepEscapes) text += character;
        const after = this.#peek();
        if (after === undefined) break;
        if (after === '"' || after === "$" || after === this.#escape) character = this.#next() ?? "";
      }
      text += character;
    }
    throw new Unexpandable();
  }

  /** "<<" may be followed by space that belongs to the heredoc's word. */
  #redirection(): string {
    this.#at += 1;
    if (this.#peek() !== "<") return "<";
    this.#at += 1;
    return `<<${this.#take(/[\t\r ]*/y)}`;
  }

  #variable(): string {
    this.#at += 1;
    if (this.#peek() !== "{") {
      const name = this.#name();
      return name === "" ? "$" : this.#value(name, `$${name}`);
    }
    this.#at += 1;
    const first = this.#peek();
    if (first === undefined || first === "{" || first === "}" || first === ":") throw new Unexpandable();
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new Unexpandable();
    const value = this.#substitution(this.#name());
    this.#depth -= 1;
    return value;
  }

  #substitution(name: string): string {
    let operator = this.#next();
    if (operator === "}") return this.#value(name, `\${${name}}`);
    const colon = operator === ":" ? ":" : "";
    if (colon !== "") operator = this.#next();
    switch (operator) {
      case "-":
      case "+":
      case "?": {
        const word = this.#until("}", false).text;
        return this.#conditional({ name, operator, colon, word });
      }
      case "#":
      case "%": {
        if (colon !== "") throw new Unexpandable();
        const word = this.#until("}", true).text;
        const value = this.#known(name);
        if (value === undefined) return this.#rules.keepUnset ? `\${${name}${operator}${word}}` : "";
        return orUnexpandable(trimMatch(value, operator, word));
      }
      case "/": {
        if (colon !== "") throw new Unexpandable();
        const all = this.#peek() === "/";
        if (all) this.#at += 1;
        const pattern = this.#until("/", true).text;
        const replacement = this.#until("}", true).text;
        const value = this.#known(name);
        if (value === undefined && this.#rules.keepUnset) return `\${${name}/${pattern}/${replacement}}`;
        return orUnexpandable(replaceOnce(value ?? "", { pattern, replacement, all }));
      }
      default:
        throw new Unexpandable();
    }
  }

  #conditional(use: {
    readonly name: string;
    readonly operator: "-" | "+" | "?";
    readonly colon: string;
    readonly word: string;
  }): string {
    const value = this.#known(use.name);
    if (value === undefined && this.#rules.keepUnset) return `\${${use.name}${use.colon}${use.operator}${use.word}}`;
    const present = value !== undefined && !(use.colon !== "" && value === "");
    if (use.operator === "+") return present ? use.word : "";
    if (present) return value;
    if (use.operator === "?" && (value === undefined || use.colon !== "")) throw new Unexpandable();
    return use.word;
  }

  #value(name: string, written: string): string {
    const value = this.#known(name);
    return value ?? (this.#rules.keepUnset ? written : "");
  }

  #known(name: string): string | undefined {
    const value = this.#lookup(name);
    if (value === UNKNOWN) throw new Unexpandable();
    return value;
  }

  /** A name, a number, or one of the shell's special parameters. */
  #name(): string {
    return this.#take(/(?:\p{Nd}+|[@*#?\-$!]|[\p{L}_][\p{L}\p{Nd}_]*|)/uy);
  }
}

function orUnexpandable(value: string | undefined): string {
  if (value === undefined) throw new Unexpandable();
  return value;
}
