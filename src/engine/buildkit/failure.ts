import { stripVTControlCharacters } from "node:util";
import { DockError } from "../../error.ts";
import { FULL_DISK, FULL_DISK_HINT } from "../fault.ts";
import { errorLines } from "./dockerfile-lines.ts";
import { parseErrorDetails, type ErrorSource } from "./error-details.ts";
import type { GrpcError } from "./grpc-wire.ts";
import type { FailedStep } from "./progress.ts";

/** What is known of a failed build; what the engine did not tell is undefined. */
export interface FailureFacts {
  /** The failed step as the builder names it: "[2/3] RUN make". */
  readonly step: string | undefined;
  readonly exitCode: number | undefined;
  /** The Dockerfile as the builder read it, and the lines that the failure is about. */
  readonly source: ErrorSource | undefined;
  /** The last lines of the failed step's output, without escape sequences. */
  readonly lastLines: readonly string[];
}

/** A build that the builder itself ended with an error. Its detail is the step, its Dockerfile lines and its last output. */
export class BuildFailure extends DockError {
  readonly facts: FailureFacts;

  constructor(message: string, facts: FailureFacts, cause: unknown) {
    const detail = describe(facts);
    const isFull = [message, ...facts.lastLines].some((text) => FULL_DISK.test(text));
    super("build-failed", message, {
      cause,
      ...(detail === "" ? {} : { detail }),
      ...(isFull ? { hint: FULL_DISK_HINT } : {}),
    });
    this.name = "BuildFailure";
    this.facts = facts;
  }
}

/** What a failure is put together from, beside the engine's error. */
export interface Evidence {
  /** The step of a digest, or the one that failed by itself when the engine names none. */
  readonly failedStep: (digest: string | undefined) => FailedStep | undefined;
  /** The Dockerfile that was sent, if it was. */
  readonly dockerfile: () => Promise<Dockerfile | undefined>;
}

/** A Dockerfile as the builder got it. */
export interface Dockerfile {
  readonly file: string;
  readonly text: string;
}

/** The failure that a solve's error and the progress until then add up to. */
export async function buildFailure(error: GrpcError, evidence: Evidence): Promise<BuildFailure> {
  const details = parseErrorDetails(error.details);
  const { exitCode } = details;
  const step = evidence.failedStep(details.vertex);
  const source = details.source ?? (await sourceOf(evidence, { step: step?.name ?? "", message: error.message }));
  const facts: FailureFacts = {
    step: step?.name,
    exitCode: exitCode ?? exitCodeIn(error.message) ?? exitCodeIn(step?.error ?? ""),
    source,
    lastLines: (step?.lastLines ?? []).map(printable),
  };
  return new BuildFailure(summary(error.message, facts), facts, error);
}

/** Engine 20.10 does not tell where in the Dockerfile an error stands. */
async function sourceOf(evidence: Evidence, about: Parameters<typeof errorLines>[1]): Promise<ErrorSource | undefined> {
  const dockerfile = await evidence.dockerfile();
  const ranges = dockerfile ? errorLines(dockerfile.text, about) : [];
  return dockerfile && ranges.length > 0 ? { ...dockerfile, ranges } : undefined;
}

/** Engine 20.10 tells the exit code only as text. */
function exitCodeIn(message: string): number | undefined {
  const match = /exit code: (\d+)/.exec(message);
  return match ? Number(match[1]) : undefined;
}

function summary(message: string, { step, exitCode }: FailureFacts): string {
  const text = printable(withoutPrefixes(message));
  // Only the steps that stand in the Dockerfile have a number.
  if (step === undefined || !/^\[[^\]]*\d+\/\d+\] /.test(step)) return text;
  const name = shortened(printable(step).replace(/\s+/g, " "));
  return exitCode === undefined ? `step ${name} failed: ${text}` : `step ${name} failed with exit code ${exitCode}`;
}

/** Characters of a step that fit a message of one line; its detail has all of it. */
const STEP_LENGTH = 100;

function shortened(step: string): string {
  return step.length > STEP_LENGTH ? `${step.slice(0, STEP_LENGTH - 1)}…` : step;
}

const PREFIX =
  /^(?:failed to solve(?: with frontend [\w.]+)?|rpc error: code = \w+ desc =|failed to compute cache key|failed to calculate checksum of ref \S+|failed to create LLB definition|failed to build LLB):? /;

/** The builder's message without what its layers put in front of it. */
function withoutPrefixes(message: string): string {
  let rest = message;
  while (PREFIX.test(rest)) rest = rest.replace(PREFIX, "");
  return rest;
}

/** Text of a step that can't move the cursor or change colours where it is shown. */
function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this removes
  return stripVTControlCharacters(text).replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, "");
}

function describe({ step, source, lastLines }: FailureFacts): string {
  const parts: string[] = [];
  if (step !== undefined) parts.push(printable(step));
  if (source && source.ranges.length > 0) parts.push(excerpt(source));
  if (lastLines.length > 0) parts.push(["its last output:", ...lastLines.map((line) => `  ${line}`)].join("\n"));
  return parts.join("\n\n");
}

/** Lines shown before and after those that failed. */
const CONTEXT_LINES = 2;

/** The lines of the ranges with their neighbours, numbered, the failed ones marked. */
function excerpt({ file, text, ranges }: ErrorSource): string {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  const near = (number: number, margin: number): boolean =>
    ranges.some(({ first, last }) => number >= first - margin && number <= last + margin);
  const width = String(lines.length).length;
  const shown = lines.flatMap((line, index) => {
    const number = index + 1;
    if (!near(number, CONTEXT_LINES)) return [];
    return [`${near(number, 0) ? ">" : " "} ${String(number).padStart(width)} | ${printable(line)}`.trimEnd()];
  });
  return [`${file}:${ranges[0]?.first ?? 1}`, ...shown].join("\n");
}
