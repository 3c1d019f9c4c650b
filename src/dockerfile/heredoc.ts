import { expand, type WordRules } from "./shell-word.ts";
import { type Command, splitCommand } from "./split-command.ts";
import type { Traced } from "./traced.ts";

/** A document that follows an instruction in the file. */
export interface Heredoc extends HeredocStart {
  readonly content: string;
}

/** The `<<NAME` that announces it. */
export interface HeredocStart {
  readonly name: string;
  /** `<<-`: tabs in front of each line are dropped. */
  readonly chomp: boolean;
  /** False where the name is quoted: the content stands for itself. */
  readonly expand: boolean;
}

const START = /^\d*<<(-?)\s*([^<]*)$/;
const CARRIERS = new Set(["run", "copy", "add"]);
const RAW: WordRules = { keepQuotes: true, keepEscapes: true, keepUnset: true };

/** The heredocs that a line announces, in order. Only RUN, COPY and ADD have any, and not in their JSON form. */
export function heredocStarts(line: Traced, command: Command, escape: string): readonly HeredocStart[] {
  if (!line.text.includes("<<")) return [];
  const carrier = command.name === "onbuild" ? splitCommand(command.rest, escape) : command;
  if (!CARRIERS.has(carrier.name) || jsonList(carrier.rest.text)) return [];
  const words = expand(line.text, () => undefined, RAW)?.words ?? [];
  return words.flatMap((word) => heredocStart(word) ?? []);
}

/** The heredoc that a word of an instruction announces, or undefined when it is an ordinary word. */
export function heredocStart(text: string): HeredocStart | undefined {
  const match = START.exec(text);
  const rest = match?.[2] ?? "";
  if (rest === "") return undefined;
  const plain = expand(rest, () => undefined, { keepUnset: true })?.words ?? [];
  const quoted = expand(rest, () => undefined, { keepUnset: true, keepQuotes: true })?.words ?? [];
  const [name] = plain;
  if (plain.length !== 1 || quoted.length !== 1 || name === undefined) return undefined;
  return { name, chomp: match?.[1] === "-", expand: quotes(name) === quotes(quoted[0] ?? "") };
}

function quotes(word: string): number {
  return word.replaceAll(/[^'"]/g, "").length;
}

/** The items of a JSON list of texts; undefined for anything else. */
export function jsonList(text: string): readonly string[] | undefined {
  if (!text.startsWith("[")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((item) => typeof item === "string") ? value : undefined;
  } catch {
    return undefined;
  }
}
