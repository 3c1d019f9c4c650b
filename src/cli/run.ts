import { Command, CommanderError } from "commander";
import { DockError } from "../error.ts";
import { addGlobalOptions, commandIndex, type GlobalOptions, withoutAliases, withProgress } from "./global-options.ts";
import { helpPage } from "./help.ts";
import { commandOf, loadCommand } from "./known-command.ts";
import { quickAnswer } from "./quick-answer.ts";
import { reportError } from "./report.ts";
import { openSession, type Io } from "./session.ts";
import { Redactor } from "../ui/redactor.ts";

/** Runs one command line and gives the process's exit code; errors are on stderr by then. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const words = withoutAliases(argv);
  let globals: GlobalOptions = {};
  const redactor = new Redactor();
  try {
    const index = commandIndex(words);
    const before = words.slice(0, index < 0 ? words.length : index);
    if (index < 0) return topLevel(before, io);
    const name = words[index] ?? "";
    if (name === "help") return await help(words[index + 1], io);
    const definition = await loadCommand(name);
    const early = parse(new Command("dock"), before, io);
    const command = commandOf(name, definition);
    const late = parse(command, words.slice(index + 1), io);
    if (late === undefined || early === undefined) return 0;
    const options = { ...early.options, ...late.options };
    globals = withProgress(options);
    await using session = openSession(io, globals, { command: definition, redactor });
    return await definition.run({ session, args: late.args, options });
  } catch (error) {
    return reportError(error, { io, globals, redactor });
  }
}

function topLevel(before: readonly string[], io: Io): number {
  const answer = quickAnswer(before);
  if (answer === undefined) {
    throw new DockError("usage", `no command after ${before.join(" ")}`, { hint: 'see "dock --help"' });
  }
  io.stdout.write(answer);
  return 0;
}

async function help(name: string | undefined, io: Io): Promise<number> {
  if (name === undefined) io.stdout.write(helpPage());
  else io.stdout.write(commandOf(name, await loadCommand(name)).helpInformation());
  return 0;
}

/** The values of a command's options, or undefined when help was asked for and shown. */
function parse(
  command: Command,
  words: readonly string[],
  io: Io,
): { readonly options: Readonly<Record<string, unknown>>; readonly args: readonly string[] } | undefined {
  if (command.name() === "dock") addGlobalOptions(command);
  command
    .exitOverride()
    .configureOutput({ writeOut: (text) => void io.stdout.write(text), writeErr: () => undefined })
    .showSuggestionAfterError();
  try {
    command.parse([...words], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    throw new DockError("usage", error.message.replace(/^error: /, "").replace(/\n/g, " "), {
      hint: `see "${command.name()} --help"`,
    });
  }
  return { options: command.opts(), args: command.args };
}
