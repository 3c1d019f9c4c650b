import { COMMANDS } from "./commands.ts";

/** What `dock --help` prints. */
export function helpPage(): string {
  const entries = Object.entries(COMMANDS);
  const width = Math.max(...entries.map(([name]) => name.length));
  const groups = [...new Set(entries.map(([, { group }]) => group))];
  const sections = groups.map((group) => {
    const rows = entries.filter(([, entry]) => entry.group === group);
    return [`${group}:`, ...rows.map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`)].join("\n");
  });
  return `dock makes this machine's Docker containers match dock.yaml, and says why.

Usage: dock [options] COMMAND

${sections.join("\n\n")}

Everywhere:
  -f, --file FILE     project file (default: dock.yaml here or in a parent directory)
  -p, --project NAME  project name instead of the file's
  --json              machine-readable output
  -h, --help          help, also of a command: dock up --help

Exit codes: 0 done, 1 failed, 2 usage or invalid project, 3 no engine, 4 build failed,
5 not ready, 6 in the way, 70 a bug in dock, 130 interrupted.
`;
}
