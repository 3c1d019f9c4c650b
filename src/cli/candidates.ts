import type { Command, Option } from "commander";
import { COMMANDS } from "./commands.ts";
import { addGlobalOptions, commandIndex } from "./global-options.ts";
import { commandOf, loadCommand } from "./known-command.ts";

/** What may stand at the end of a command line that is being typed. */
export interface Candidates {
  readonly words: readonly Candidate[];
  /** Names that the project file gives, wanted besides. */
  readonly names: "none" | "services" | "images" | "both";
  /** Paths may stand here too, which the shell knows itself. */
  readonly paths: boolean;
}

/** A word and what it is for. */
export interface Candidate {
  readonly word: string;
  readonly about: string;
}

/** What may follow: `words` are those after `dock`, the last one being typed and maybe empty. */
export async function candidatesFor(words: readonly string[], empty: () => Command): Promise<Candidates> {
  const typed = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const index = commandIndex(before);
  const name = before[index];
  if (name === undefined || !Object.hasOwn(COMMANDS, name)) {
    const command = empty();
    addGlobalOptions(command);
    return name === undefined || name === "help" ? topLevel(command, { before, typed }) : NOTHING;
  }
  const definition = await loadCommand(name);
  const command = commandOf(name, definition);
  const given = before.slice(index + 1);
  if (given.includes("--")) return { ...NOTHING, paths: true };
  const open = openOption(command, given.at(-1));
  if (open) return valuesOf(open);
  if (typed.startsWith("-")) return { ...NOTHING, words: flags(command) };
  const { usage } = definition;
  const [services, images] = [/SERVICE|\bNAME\b/.test(usage), /IMAGE|\bNAME\b/.test(usage)];
  return {
    words: (command.registeredArguments[0]?.argChoices ?? []).map((word) => ({ word, about: "" })),
    names: services && images ? "both" : services ? "services" : images ? "images" : "none",
    paths: /PATH|FILE|COMMAND/.test(usage),
  };
}

const NOTHING: Candidates = { words: [], names: "none", paths: false };

function topLevel(command: Command, line: { readonly before: readonly string[]; readonly typed: string }): Candidates {
  const open = openOption(command, line.before.at(-1));
  if (open) return valuesOf(open);
  if (line.typed.startsWith("-")) return { ...NOTHING, words: flags(command) };
  const commands = Object.entries(COMMANDS).map(([word, { summary }]) => ({ word, about: summary }));
  return { ...NOTHING, words: commands };
}

/** The option that the word before waits for a value of. */
function openOption(command: Command, word: string | undefined): Option | undefined {
  if (word === undefined) return undefined;
  return command.options.find((option) => option.required && (option.short === word || option.long === word));
}

function valuesOf({ argChoices = [], flags: form }: Option): Candidates {
  return { ...NOTHING, words: argChoices.map((word) => ({ word, about: "" })), paths: /FILE|DIR|PATH/.test(form) };
}

function flags(command: Command): readonly Candidate[] {
  const own = command.options.flatMap(({ short, long, description }) =>
    [long, short].flatMap((word) => (word ? [{ word, about: description }] : [])),
  );
  return [...own, { word: "--help", about: "show this help" }];
}
