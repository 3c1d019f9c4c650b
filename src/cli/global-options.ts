import { type Command, InvalidArgumentError } from "commander";
import { DockError } from "../error.ts";
import { collect } from "./command.ts";

/** Options that every command takes, before or after its name. */
export interface GlobalOptions {
  readonly file?: string;
  readonly project?: string;
  readonly envFile?: string;
  readonly profile?: readonly string[];
  readonly host?: string;
  readonly engineContext?: string;
  readonly json?: boolean;
  readonly plain?: boolean;
  /** A live display, also where nobody may be looking. */
  readonly live?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  /** Commander's form of --no-color: false when it was given. */
  readonly color?: boolean;
  readonly parallel?: number;
  readonly strict?: boolean;
  readonly var?: readonly string[];
}

interface GlobalOption {
  readonly short?: string;
  readonly long: string;
  readonly value?: string;
  readonly description: string;
  readonly parse?: (value: string, before: never) => unknown;
  /** Compose's spellings of the same option. */
  readonly aliases?: readonly string[];
}

const GLOBAL_OPTIONS: readonly GlobalOption[] = [
  {
    short: "-f",
    long: "--file",
    value: "FILE",
    description: "project file (default: dock.yaml here or in a parent directory)",
  },
  {
    short: "-p",
    long: "--project",
    value: "NAME",
    description: "project name instead of the file's",
    aliases: ["--project-name"],
  },
  { long: "--env-file", value: "FILE", description: "read variables from FILE instead of .env" },
  { long: "--profile", value: "NAME", description: "enable a profile", parse: collect as GlobalOption["parse"] & {} },
  {
    short: "-H",
    long: "--host",
    value: "ADDRESS",
    description: "engine to use: unix:///path, tcp://host:port or ssh://user@host",
  },
  { long: "--engine-context", value: "NAME", description: "docker context to take the engine from" },
  { long: "--json", description: "machine-readable output on stdout" },
  { long: "--plain", description: "plain lines, also in a terminal" },
  { short: "-q", long: "--quiet", description: "only errors" },
  { short: "-v", long: "--verbose", description: "more detail: builders' output, every step" },
  { long: "--no-color", description: "no colours (also: NO_COLOR)" },
  { long: "--parallel", value: "N", description: "operations that run at once", parse: wholeNumber },
  { long: "--strict", description: "take warnings about the project file for mistakes" },
  {
    long: "--var",
    value: "K=V",
    description: "set a variable of the project file (repeatable)",
    parse: collect as GlobalOption["parse"] & {},
  },
];

/** Adds the global options; one whose short or long flag the command has itself is left to the command. */
export function addGlobalOptions(command: Command): void {
  const taken = new Set(command.options.flatMap((option) => [option.short, option.long]));
  for (const option of GLOBAL_OPTIONS) {
    if (taken.has(option.long)) continue;
    const short = option.short !== undefined && !taken.has(option.short) ? `${option.short}, ` : "";
    const value = option.value === undefined ? "" : ` <${option.value}>`;
    command.option(
      `${short}${option.long}${value}`,
      option.description,
      ...(option.parse ? [option.parse as never] : []),
    );
  }
}

/** Options of any command that Compose spells otherwise. */
const ALIASES: Readonly<Record<string, string>> = { "--project-name": "--project", "--build-arg": "--arg" };

/** Spells Compose's long options as dock does, up to a `--`. */
export function withoutAliases(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf("--");
  return argv.map((word, index) => {
    if (end >= 0 && index >= end) return word;
    const [flag = "", ...value] = word.split("=");
    const own = ALIASES[flag];
    return own === undefined ? word : [own, ...value].join("=");
  });
}

/** Index of the command's name: the first word that is no global option or its value; -1 when there is none. */
export function commandIndex(argv: readonly string[]): number {
  const withValue = new Set(
    GLOBAL_OPTIONS.flatMap(({ short, long, value }) => (value === undefined ? [] : [short, long])),
  );
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? "";
    if (!word.startsWith("-")) return index;
    if (withValue.has(word)) index += 1;
  }
  return -1;
}

/** How `--progress` shows what goes on; each is another name for a global option. */
const PROGRESS: Readonly<Record<string, Partial<GlobalOptions>>> = {
  auto: {},
  tty: { live: true },
  plain: { plain: true },
  json: { json: true },
  rawjson: { json: true },
  quiet: { quiet: true },
  none: { quiet: true },
};

/** The global options among a command's, with `--progress` spelled out; a kind of progress that there is not is a usage error. */
export function withProgress(options: Readonly<Record<string, unknown>>): GlobalOptions {
  const { progress } = options;
  if (typeof progress !== "string") return options as GlobalOptions;
  const meant = Object.hasOwn(PROGRESS, progress) ? PROGRESS[progress] : undefined;
  if (meant) return { ...(options as GlobalOptions), ...meant };
  throw new DockError("usage", `--progress takes auto, tty, plain or json, not "${progress}"`);
}

/** Parses a whole number of at least 1. */
export function wholeNumber(value: string): number {
  if (!/^[1-9]\d*$/.test(value)) throw new InvalidArgumentError("it must be a whole number of at least 1.");
  return Number(value);
}
