import { Command } from "commander";
import type { Project } from "../../project/model.ts";
import { DockError } from "../../error.ts";
import { type Candidates, candidatesFor } from "../candidates.ts";
import type { CommandDefinition, Invocation } from "../command.ts";
import { commandIndex } from "../global-options.ts";
import { loadDiagnosed } from "../load-project.ts";
import type { Session } from "../session.ts";

/** `dock completion SHELL`: a script that has the shell ask dock for the words that may follow. */
export const completion: CommandDefinition = {
  usage: "bash|zsh|fish",
  printsDocument: true,
  configure: (command) => {
    command.argument("<shell>", "bash, zsh or fish").argument("[words...]", "words typed so far (used by the scripts)");
    command.addHelpText(
      "after",
      `
Into the shell's start-up file:
  bash  source <(dock completion bash)
  zsh   source <(dock completion zsh)
  fish  dock completion fish | source`,
    );
  },
  run: async ({ session, args }: Invocation) => {
    const [shell = "", ...words] = args;
    const { stdout } = session.io;
    if (shell === "words") {
      stdout.write((await answers(session, words)).map((line) => `${line}\n`).join(""));
      return 0;
    }
    const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
    if (script === undefined) {
      throw new DockError("usage", `there is no completion for "${shell}"`, {
        hint: `choose one of ${Object.keys(SCRIPTS).join(", ")}`,
      });
    }
    stdout.write(script);
    return 0;
  },
};

/** One candidate a line, with a tab before what it is for; `:paths` where paths may stand too. */
async function answers(session: Session, words: readonly string[]): Promise<readonly string[]> {
  const found = await candidatesFor(words, () => new Command("dock"));
  const typed = words.at(-1) ?? "";
  const names = await namesOf(session, found, words);
  return [
    ...found.words.map(({ word, about }) => `${word}\t${about}`),
    ...names.map((name) => `${name}\t`),
    ...(found.paths ? [":paths"] : []),
  ].filter((line) => line.startsWith(typed) || line === ":paths");
}

/** Names of the project file that the line is about; none where it can't be read, which is no time to complain. */
async function namesOf(session: Session, { names }: Candidates, words: readonly string[]): Promise<readonly string[]> {
  if (names === "none") return [];
  const file = fileOption(words);
  const globals = file === undefined ? session.globals : { ...session.globals, file };
  let project: Project | undefined;
  try {
    ({ project } = await loadDiagnosed({ ...session, globals }));
  } catch (error) {
    if (!(error instanceof DockError)) throw error;
  }
  if (project === undefined) return [];
  const services = names === "images" ? [] : Object.keys(project.services);
  const images = names === "services" ? [] : Object.keys(project.images);
  return [...new Set([...services, ...images, ...Object.keys(project.groups)])];
}

/** The project file that the words before the command name. */
function fileOption(words: readonly string[]): string | undefined {
  const before = words.slice(0, Math.max(commandIndex(words), 0));
  const at = before.findIndex((word) => word === "-f" || word === "--file");
  return at < 0 ? undefined : before[at + 1];
}

const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `# dock's words in bash
_dock() {
  local line IFS=$'\\n'
  COMPREPLY=()
  for line in $(dock completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null); do
    if [ "$line" = ":paths" ]; then
      COMPREPLY+=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
    else
      COMPREPLY+=("\${line%%$'\\t'*}")
    fi
  done
}
complete -o filenames -F _dock dock
`,
  zsh: `#compdef dock
_dock() {
  local line
  local -a found
  for line in "\${(@f)$(dock completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [ "$line" = ":paths" ]; then
      _files
    elif [ -n "$line" ]; then
      found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    fi
  done
  [ \${#found} -gt 0 ] && _describe 'dock' found
}
compdef _dock dock
`,
  fish: `# dock's words in fish
function __dock_words
  set -l typed (commandline -opc) (commandline -ct)
  for line in (dock completion words -- $typed[2..-1] 2>/dev/null)
    if test "$line" = ":paths"
      __fish_complete_path (commandline -ct)
    else
      echo $line
    end
  end
end
complete -c dock -f -a '(__dock_words)'
`,
};
