import { parseDockerfile } from "../dockerfile/parse.ts";
import { contextReads, mayRead } from "../dockerfile/reads.ts";
import type { Reason } from "../plan/reason.ts";

/** How many files are named. */
const NAMED = 3;

/**
 * What of the reasons for a build made a step run, in a few words: the changed files that it reads, else what changed
 * about the build as a whole; undefined where nothing says. `step` is as the builder names it: "[2/3] COPY src /app".
 */
export function stepCause(step: string, reasons: readonly Reason[]): string | undefined {
  const text = instructionOf(step);
  const files = filesReadBy(
    text,
    reasons.flatMap((reason) => reason.files ?? []),
  );
  if (files.length > 0) {
    const more = files.length > NAMED ? ` and ${files.length - NAMED} more` : "";
    return `${files.slice(0, NAMED).join(", ")}${more} changed`;
  }
  const args = reasons.flatMap(({ code, path }) => (code === "arg-changed" && path !== undefined ? [path] : []));
  if (args.length > 0) return `arg ${args.join(", ")} changed`;
  const [base] = reasons.filter(({ code }) => code === "base-changed");
  if (base) return `${base.path ?? "its base"} changed`;
  return reasons.some(({ code }) => code === "dockerfile-changed") ? "the Dockerfile changed" : undefined;
}

/** The instruction that a step's name quotes. */
export function instructionOf(step: string): string {
  return step.replace(/^\[[^\]]*\] /, "");
}

function filesReadBy(instruction: string, files: readonly string[]): readonly string[] {
  const reads = contextReads(parseDockerfile(`FROM scratch\n${instruction}\n`), { args: {}, contexts: [] });
  // One that can't be read says nothing.
  const isRead = mayRead(reads === "everything" ? [] : reads);
  return files.filter((file) => isRead(file));
}
