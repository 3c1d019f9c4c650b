import { quickAnswer } from "./cli/quick-answer.ts";
import { EXIT_BUG } from "./error.ts";

// Whatever ends the process before `run` has finished is a failure (an engine's lost answer can leave nothing to wait for).
process.exitCode = EXIT_BUG;
// A library of ours would print the headers of requests for it, and with them credentials.
delete process.env["DEBUG"];
// The release is made of CommonJS scripts, which cannot await here; a rejection is a bug that Node shows.
void main(process.argv.slice(2)).then((code) => (process.exitCode = code));

async function main(argv: readonly string[]): Promise<number> {
  const answer = argv.every((word) => word.startsWith("-")) ? quickAnswer(argv) : undefined;
  if (answer !== undefined) {
    outliveReader(process.stdout);
    process.stdout.write(answer);
    return 0;
  }
  outliveReader(process.stdout);
  outliveReader(process.stderr);
  const { run } = await import("./cli/run.ts");
  return run(argv, {
    // Opening it takes a millisecond that most commands have no use for.
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    cwd: process.cwd(),
    env: process.env,
  });
}

/**
 * A write may find its reader gone also after the command is over, and an error that nobody takes ends the process.
 * Opening a stream takes a millisecond, so that only those that are written to are asked for.
 */
function outliveReader(stream: NodeJS.WriteStream): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}
