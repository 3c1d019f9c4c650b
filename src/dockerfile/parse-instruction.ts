import { type Heredoc, heredocStart, jsonList } from "./heredoc.ts";
import type { ArgumentDeclaration, Flag, Instruction, Mount, Transfer } from "./instruction.ts";
import { splitComma } from "./comma.ts";
import type { Lines } from "./scan.ts";
import { isSpace } from "./space.ts";
import { type Command, splitCommand } from "./split-command.ts";
import { slice, split, type Traced, type Word, word } from "./traced.ts";

/** Thrown for an instruction that can't be taken apart; becomes a problem of the file. */
export class Malformed extends Error {}

/** What an instruction is read with. */
export interface Setting {
  readonly escape: string;
  readonly lines: Lines;
  readonly heredocs: readonly Heredoc[];
}

const GAP = /[\t\v\f\r ]+/g;

const NEEDS_ARGUMENT = new Set(["arg", "env", "copy", "add", "workdir", "volume", "onbuild"]);
const OTHERS = [
  "run",
  "cmd",
  "entrypoint",
  "expose",
  "healthcheck",
  "label",
  "maintainer",
  "shell",
  "stopsignal",
  "user",
];
const KNOWN = new Set([...NEEDS_ARGUMENT, ...OTHERS]);

/** The instruction that a command stands for. FROM is none: it begins a stage. Throws `Malformed`. */
export function parseInstruction(command: Command, setting: Setting): Instruction {
  const { name, rest } = command;
  const { lines } = setting;
  if (!KNOWN.has(name)) throw new Malformed(`unknown instruction ${name.toUpperCase()}`);
  if (rest.text === "" && NEEDS_ARGUMENT.has(name)) throw new Malformed(`${name.toUpperCase()} needs an argument`);
  switch (name) {
    case "arg":
      return { kind: "arg", lines, declarations: declarations(rest.text, setting.escape) };
    case "env":
      return { kind: "env", lines, variables: variables(rest.text, setting.escape) };
    case "copy": {
      const transfer = parseTransfer(command);
      const from = transfer.flags.find((flag) => flag.name === "from")?.value;
      return { kind: "copy", lines, ...transfer, ...(from === undefined ? {} : { from }) };
    }
    case "add":
      return { kind: "add", lines, ...parseTransfer(command) };
    case "run": {
      const mounts = command.flags.flatMap((flag) => parseMount(flag) ?? []);
      return { kind: "run", lines, command: rest.text, mounts, heredocs: setting.heredocs };
    }
    case "workdir":
      return { kind: "workdir", lines, path: rest.text };
    case "volume":
      return { kind: "volume", lines, paths: listWords(rest) };
    case "onbuild":
      return { kind: "onbuild", lines, trigger: parseTrigger(rest, setting) };
    default:
      return { kind: "other", lines, name };
  }
}

/** Name and value of a flag word. */
export function parseFlag(flag: Traced): Flag {
  const equals = flag.text.indexOf("=");
  if (equals < 0) return { name: flag.text.slice(2) };
  return { name: flag.text.slice(2, equals), value: word(slice(flag, equals + 1)) };
}

/** The words of arguments that are no JSON, each with its place. */
export function plainWords(rest: Traced): readonly Word[] {
  return split(rest, GAP).map(word);
}

function parseTrigger(rest: Traced, setting: Setting): Instruction {
  const command = splitCommand(rest, setting.escape);
  if (command.name === "onbuild" || command.name === "from" || command.name === "maintainer") {
    throw new Malformed(`${command.name.toUpperCase()} is not allowed in ONBUILD`);
  }
  return parseInstruction(command, setting);
}

/** JSON or words between spaces. */
function listWords(rest: Traced): readonly string[] {
  const list = jsonList(rest.text);
  if (list) return list;
  return rest.text.split(GAP);
}

function parseTransfer(command: Command): Transfer {
  const words = listWords(command.rest);
  const destination = words.at(-1);
  if (words.length < 2 || destination === undefined) {
    throw new Malformed(`${command.name.toUpperCase()} needs a source and a destination`);
  }
  const sources = words.slice(0, -1).filter((source) => heredocStart(source) === undefined);
  return { flags: command.flags.map(parseFlag), sources, destination };
}

/** Undefined for flags of RUN that are no mounts. */
function parseMount(flag: Traced): Mount | undefined {
  if (!flag.text.startsWith("--mount=")) return undefined;
  const fields = splitComma(slice(flag, "--mount=".length));
  if (!fields) throw new Malformed(`malformed mount ${JSON.stringify(flag.text)}`);
  let type = "bind";
  let from: Word | undefined;
  let source = "";
  for (const field of fields) {
    const equals = field.text.indexOf("=");
    if (equals < 0) continue;
    const value = slice(field, equals + 1);
    const key = field.text.slice(0, equals).toLowerCase();
    if (key === "type") type = value.text;
    else if (key === "from") from = word(value);
    else if (key === "source" || key === "src") source = value.text;
  }
  return { type, source, ...(from === undefined || from.text === "" ? {} : { from }) };
}

function declarations(text: string, escape: string): readonly ArgumentDeclaration[] {
  return quotedWords(text, escape).map((item) => {
    const equals = item.indexOf("=");
    if (equals === 0) throw new Malformed("an ARG has no name");
    return equals < 0 ? { name: item } : { name: item.slice(0, equals), default: item.slice(equals + 1) };
  });
}

function variables(text: string, escape: string): readonly (readonly [string, string])[] {
  const words = quotedWords(text, escape);
  if (words[0]?.includes("=") !== true) {
    const gap = /[\t\v\f\r ]+/.exec(text);
    if (!gap) throw new Malformed("ENV needs a name and a value");
    return [[text.slice(0, gap.index), text.slice(gap.index + gap[0].length)]];
  }
  return words.map((item) => {
    const equals = item.indexOf("=");
    if (equals <= 0) throw new Malformed(`ENV needs name=value, not ${JSON.stringify(item)}`);
    return [item.slice(0, equals), item.slice(equals + 1)];
  });
}

/** Words between spaces that stand outside of quotes; quotes and escapes stay. */
function quotedWords(text: string, escape: string): readonly string[] {
  const words: string[] = [];
  let current = "";
  let quote: string | undefined;
  const end = (): void => {
    if (current !== "") words.push(current);
    current = "";
  };
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? "";
    if (quote === undefined && isSpace(character)) {
      end();
      continue;
    }
    if (character === escape && quote !== "'") {
      // An escape at the very end is dropped.
      if (at + 1 < text.length) current += character + text[at + 1];
      at += 1;
      continue;
    }
    if (character === quote) quote = undefined;
    else if (quote === undefined && (character === "'" || character === '"')) quote = character;
    current += character;
  }
  end();
  return words;
}
