import { run } from "./cli/run.ts";
import { EXIT_BUG } from "./error.ts";

// Whatever ends the process before `run` has finished is a failure (an engine's lost answer can leave nothing to wait for).
process.exitCode = EXIT_BUG;
// A write may find its reader gone also after the command is over, and an error that nobody takes ends the process.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}
process.exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  cwd: process.cwd(),
  env: process.env,
});
