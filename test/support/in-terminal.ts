import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Scenario } from "./scenario.ts";

/** What a shell line prints in a terminal of its own, which `script` gives it. */
export async function inTerminal(s: Scenario, command: string): Promise<string> {
  const child = spawn("script", ["-qec", command, "/dev/null"], {
    cwd: s.directory,
    env: { ...s.environment(), TERM: "xterm", SHELL: "/bin/sh" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  await once(child, "close");
  return text;
}
