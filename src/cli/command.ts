import type { Command } from "commander";
import type { Session } from "./session.ts";

/** One command: what it takes, and what it does. Help and parsing follow from `configure`. */
export interface CommandDefinition {
  /** Positional arguments in usage form, `[SERVICE...]`; empty for none. */
  readonly usage: string;
  /** With --json, stdout is one document instead of a stream of events: what else there is to say stays on stderr. */
  readonly printsDocument?: true;
  /** Adds options, arguments and help text. */
  readonly configure: (command: Command) => void;
  /** Carries the command out; the result is the process's exit code. */
  readonly run: (invocation: Invocation) => Promise<number>;
}

/** What a command was called with. */
export interface Invocation {
  readonly session: Session;
  readonly args: readonly string[];
  /** Values of the options that `configure` declared, by camel-cased long name. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** A row of the command table. */
export interface CommandEntry {
  /** A sentence fragment for `dock --help`. */
  readonly summary: string;
  /** The part of the help that lists it. */
  readonly group: "Make it so" | "Look" | "Work with containers" | "Project file and tool";
  readonly load: () => Promise<CommandDefinition>;
}

/** Collects the values of an option that may be given several times. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}
