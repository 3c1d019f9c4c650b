import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { COMMANDS } from "../../src/cli/commands.ts";
import { type CommandLine, commandLine } from "../support/command-line.ts";

const PROJECT = `
images: { site: ./site }
services: { web: { image: site }, worker: { image: busybox:latest } }
groups: { front: [web] }
`;

/** The words that dock offers at the end of a line. */
async function offered(line: CommandLine, ...words: string[]): Promise<readonly string[]> {
  const { stdout } = await line.dock(["completion", "words", "--", ...words]);
  return stdout.split("\n").flatMap((text) => (text === "" ? [] : [text.split("\t")[0] ?? ""]));
}

describe("completion", () => {
  commandLine("offers commands, options, and what the project has", async ({ line }) => {
    await line.write({ "dock.yaml": PROJECT, "other.yaml": "services: { alone: { image: a } }\n" });
    expect(await offered(line, "")).toEqual(Object.keys(COMMANDS));
    expect(await offered(line, "lo")).toEqual(["logs"]);
    expect(await offered(line, "--pro")).toEqual(["--project", "--profile"]);
    expect(await offered(line, "-f")).toEqual(["-f"]);
    expect(await offered(line, "-f", "")).toEqual([":paths"]);
    expect(await offered(line, "up", "--no-d")).toEqual(["--no-dev", "--no-deps"]);
    expect(await offered(line, "up", "w")).toEqual(["web", "worker"]);
    expect(await offered(line, "logs", "web", "")).toEqual(["web", "worker", "front"]);
    expect(await offered(line, "build", "s")).toEqual(["site"]);
    expect(await offered(line, "-f", "other.yaml", "logs", "")).toEqual(["alone"]);
    expect(await offered(line, "no-such-command", "")).toEqual([]);
    expect(line.engine.requests).toEqual([]);
  });

  commandLine("is silent where the project can't be read, and says which shells there are", async ({ line }) => {
    await line.write({ "dock.yaml": "services: [" });
    expect(await offered(line, "logs", "")).toEqual([]);
    expect((await line.run(["completion", "tcsh"])).stderr).toMatch(/"tcsh"[\s\S]*bash, zsh, fish/);
  });

  commandLine("works in bash as it is printed", async ({ line }) => {
    const folder = await mkdtemp(join(tmpdir(), "dock-completion-"));
    try {
      const script = join(folder, "complete.bash");
      const { stdout } = await line.dock(["completion", "bash"]);
      // Stands for dock: what it prints is looked at above.
      const dock = String.raw`dock() { printf 'web\ta service\nweb-2\t\n:paths\n'; printf '%s\n' "$@" >"$SEEN"; }`;
      const call = 'COMP_WORDS=(dock logs we) COMP_CWORD=2; cd "$FOLDER"; _dock; printf "%s\\n" "${COMPREPLY[@]}"';
      await writeFile(join(folder, "web.txt"), "");
      await writeFile(join(folder, "we ll"), "");
      await writeFile(script, [dock, stdout, call].join("\n"));
      const env = { PATH: process.env["PATH"], FOLDER: folder, SEEN: join(folder, "seen") };
      const replies = execFileSync("bash", [script], { encoding: "utf8", env, timeout: 10_000 });
      expect(replies.trimEnd().split("\n").sort()).toEqual(["we ll", "web", "web-2", "web.txt"]);
      expect(execFileSync("cat", [env.SEEN], { encoding: "utf8" })).toBe("completion\nwords\n--\nlogs\nwe\n");
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
