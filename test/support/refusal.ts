import { expect } from "vitest";
import type { CommandLine, CommandOptions } from "./command-line.ts";
import type { Finished } from "./scenario-process.ts";

/** Runs `dock up -d` on a file that has to be refused: exit 2, no stack, and the engine never hears of it. */
export async function refused(
  line: CommandLine,
  file: string | Uint8Array,
  options: CommandOptions = {},
): Promise<Finished> {
  await line.write({ "dock.yaml": file });
  const before = line.engine.requests.length;
  const finished = await line.dock(["up", "-d"], { ...options, code: 2 });
  expect(finished.stdout).toBe("");
  expect(finished.stderr).not.toMatch(/\n\s+at |internal error|undefined|\[object/);
  expect(line.engine.requests.slice(before)).toEqual([]);
  return finished;
}

/** Those of a refusal's places, with what is said there. */
export function mistakes({ stderr }: Finished): readonly string[] {
  return stderr.split("\n").filter((text) => /^\S+:\d+:\d+ error /.test(text));
}
