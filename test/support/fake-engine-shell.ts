import type { ExecOutcome } from "./fake-engine-state.ts";

/**
 * As much of a few programs as the tests that also run against real engines need; undefined for a program that goes
 * on running. Programs whose name begins with `no-such-` do not exist.
 */
export function runProgram(command: readonly string[], input: string): ExecOutcome | undefined {
  const [program = "", ...args] = command;
  switch (program) {
    case "echo":
      return { exitCode: 0, stdout: `${args.join(" ")}\n` };
    case "cat":
      return { exitCode: 0, stdout: input };
    case "true":
      return { exitCode: 0 };
    case "false":
      return { exitCode: 1 };
    case "sh":
      return args[0] === "-c" ? runScript(args[1] ?? "") : undefined;
    default:
      return undefined;
  }
}

/** Knows `echo WORD`, `echo WORD >&2` and `exit N`; a script with anything else goes on running after those. */
function runScript(script: string): ExecOutcome | undefined {
  let stdout = "";
  let stderr = "";
  for (const statement of script.split(";").map((part) => part.trim())) {
    const [, word, complaint] = /^echo ([^ ]+)( *>&2)?$/.exec(statement) ?? [];
    const code = /^exit (\d+)$/.exec(statement)?.[1];
    if (code !== undefined) return { exitCode: Number(code), stdout, stderr };
    if (word === undefined) return undefined;
    if (complaint === undefined) stdout += `${word}\n`;
    else stderr += `${word}\n`;
  }
  return { exitCode: 0, stdout, stderr };
}

/** What the engine says of a program that does not exist; undefined when it does. */
export function missingProgram(command: readonly string[]): string | undefined {
  const program = command[0] ?? "";
  if (!program.startsWith("no-such-")) return undefined;
  const why = `exec: "${program}": executable file not found in $PATH`;
  return `failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ${why}`;
}
