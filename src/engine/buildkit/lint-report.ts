import { type LineRange, lineRange, member, text } from "./go-json.ts";

/** One remark of the Dockerfile's checks. */
export interface LintFinding {
  /** "FromAsCasing". */
  readonly rule: string;
  /** What is wrong here. */
  readonly message: string;
  /** What the rule is about. */
  readonly description: string;
  /** Where the rule is explained; may be empty. */
  readonly url: string;
  readonly lines: LineRange | undefined;
}

/** What the checks of one Dockerfile came to. */
export interface LintReport {
  readonly findings: readonly LintFinding[];
  /** Why a build would fail before its first step: the Dockerfile can't be parsed, a base image is not to be had. */
  readonly error: { readonly message: string; readonly lines: LineRange | undefined } | undefined;
}

/** Reads the `result.json` of a `frontend.lint` request; undefined where it is none. */
export function parseLintReport(json: string): LintReport | undefined {
  let report: unknown;
  try {
    report = JSON.parse(json);
  } catch {
    return undefined;
  }
  const warnings = member(report, "warnings") ?? [];
  if (!Array.isArray(warnings)) return undefined;
  const error = member(report, "builderror");
  return {
    findings: warnings
      .map((warning: unknown): LintFinding => ({
        rule: text(member(warning, "rulename")) ?? "",
        message: text(member(warning, "detail")) ?? text(member(warning, "description")) ?? "",
        description: text(member(warning, "description")) ?? "",
        url: text(member(warning, "url")) ?? "",
        lines: lines(warning),
      }))
      .sort((a, b) => (a.lines?.first ?? 0) - (b.lines?.first ?? 0)),
    error:
      error === undefined || error === null
        ? undefined
        : { message: text(member(error, "message")) ?? "it can't be built", lines: lines(error) },
  };
}

function lines(of: unknown): LineRange | undefined {
  const ranges = member(member(of, "location"), "ranges");
  const all = (Array.isArray(ranges) ? ranges : []).flatMap((range: unknown) => lineRange(range));
  const [first] = all;
  if (!first) return undefined;
  return { first: first.first, last: Math.max(...all.map(({ last }) => last)) };
}
