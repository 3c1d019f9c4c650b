import { Command } from "commander";
import { DockError } from "../error.ts";
import { closest } from "../std/closest.ts";
import type { CommandDefinition } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { addGlobalOptions } from "./global-options.ts";

/** The definition of a command; a name of none is a usage error with a guess. */
export async function loadCommand(name: string): Promise<CommandDefinition> {
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry) return entry.load();
  const meant = closest(name, Object.keys(COMMANDS));
  throw new DockError("usage", `there is no command "${name}"`, {
    hint: meant === undefined ? 'see "dock --help" for all commands' : `did you mean "dock ${meant}"?`,
  });
}

/** A command with everything that it takes, ready to parse words or to tell of itself. */
export function commandOf(name: string, definition: CommandDefinition): Command {
  const command = new Command(`dock ${name}`);
  command.description(COMMANDS[name]?.summary ?? "").helpOption("-h, --help", "show this help");
  if (definition.usage !== "") command.usage(`[options] ${definition.usage}`);
  definition.configure(command);
  addGlobalOptions(command);
  return command;
}
