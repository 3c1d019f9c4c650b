import { run } from "./cli/run.ts";
import { EXIT_BUG } from "./error.ts";

// Whatever ends the process before `run` has finished is a failure (an engine's lost answer can leave nothing to wait for).
process.exitCode = EXIT_BUG;
process.exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  cwd: process.cwd(),
  env: process.env,
});
