import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Takes the options off as ssh does, notes what it was given, and hands the rest to a shell as the other side would. */
const SSH = (directory: string): string => `#!/bin/sh
echo "$*" >> '${directory}/calls'
if [ -f '${directory}/refusal' ]; then cat '${directory}/refusal' >&2; exit 255; fi
while [ "$1" != "--" ]; do shift; done
shift 2
exec sh -c "$*"
`;

/** What \`docker system dial-stdio\` does there: its input and output are a connection to the engine. */
const DOCKER = (socket: string): string => `#!${process.execPath}
const { connect } = require("node:net");
const words = process.argv.slice(2);
if (words[0] === "--host") words.splice(0, 2);
if (words.join(" ") !== "system dial-stdio") process.exit(64);
const engine = connect({ path: ${JSON.stringify(socket)}, allowHalfOpen: true });
engine.on("error", (error) => {
  console.error("error during connect: failed to dial unix: " + error.message);
  process.exit(1);
});
process.stdin.pipe(engine);
engine.pipe(process.stdout, { end: false });
engine.on("end", () => process.stdout.end(() => process.exit(0)));
`;

/** An `ssh` to be put first on the PATH, which runs what it is given on this machine, before a \`docker\` that knows one engine. */
export class SshStandIn {
  /** For the PATH. */
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async make(directory: string, socket: string): Promise<SshStandIn> {
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, "ssh"), SSH(directory), { mode: 0o755 });
    await writeFile(join(directory, "docker"), DOCKER(socket), { mode: 0o755 });
    return new SshStandIn(directory);
  }

  /** From now on every connection fails with these words. */
  async refuse(words: string): Promise<void> {
    await writeFile(join(this.directory, "refusal"), `${words}\n`);
  }

  /** What it was given, a line a connection. */
  async calls(): Promise<readonly string[]> {
    return (await readFile(join(this.directory, "calls"), "utf8")).trim().split("\n");
  }
}
