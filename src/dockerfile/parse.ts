import type { Instruction, Stage } from "./instruction.ts";
import { Malformed, parseFlag, parseInstruction, plainWords } from "./parse-instruction.ts";
import { type Directives, type LogicalLine, type Problem, scan } from "./scan.ts";

/** A Dockerfile as far as it decides what a build reads. */
export interface Dockerfile {
  readonly text: string;
  readonly directives: Directives;
  /** The ARGs in front of the first FROM. */
  readonly globalArgs: readonly Extract<Instruction, { kind: "arg" }>[];
  readonly stages: readonly Stage[];
  /** With any of these the builder will refuse the file. */
  readonly problems: readonly Problem[];
}

/** Reads a Dockerfile. It never throws: what can't be understood is listed among the problems and left out. */
export function parseDockerfile(text: string): Dockerfile {
  const { directives, instructions, problems: found } = scan(text);
  const problems: Problem[] = [...found];
  const globalArgs: Extract<Instruction, { kind: "arg" }>[] = [];
  const stages: { readonly stage: Omit<Stage, "instructions">; readonly instructions: Instruction[] }[] = [];
  for (const line of instructions) {
    try {
      if (line.command.name === "from") {
        stages.push({ stage: parseFrom(line, stages.length), instructions: [] });
        continue;
      }
      const { lines, heredocs } = line;
      const instruction = parseInstruction(line.command, { escape: directives.escape, lines, heredocs });
      const current = stages.at(-1);
      if (current) current.instructions.push(instruction);
      else if (instruction.kind === "arg") globalArgs.push(instruction);
      else throw new Malformed(`${line.command.name.toUpperCase()} stands before the first FROM`);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      problems.push({ message: error.message, lines: line.lines });
    }
  }
  if (stages.length === 0) problems.push({ message: "there is no FROM", lines: { start: 1, end: 1 } });
  return {
    text,
    directives,
    globalArgs,
    stages: stages.map(({ stage, instructions: own }) => ({ ...stage, instructions: own })),
    problems,
  };
}

function parseFrom({ command, lines }: LogicalLine, index: number): Omit<Stage, "instructions"> {
  const [base, as, name, ...more] = plainWords(command.rest);
  const named = as !== undefined;
  if (!base || base.text === "" || more.length > 0 || (named && (as.text.toLowerCase() !== "as" || !name))) {
    throw new Malformed("FROM is written FROM image [AS name]");
  }
  const stageName = name?.text.toLowerCase();
  if (stageName !== undefined && !/^[a-z][a-z0-9\-_.]*$/.test(stageName)) {
    throw new Malformed(`invalid stage name ${JSON.stringify(name?.text)}: it begins with a letter and has no symbols`);
  }
  const platform = command.flags.map(parseFlag).find((flag) => flag.name === "platform")?.value?.text;
  return {
    index,
    base,
    lines,
    ...(stageName === undefined ? {} : { name: stageName }),
    ...(platform === undefined ? {} : { platform }),
  };
}
