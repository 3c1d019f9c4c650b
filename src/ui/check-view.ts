import { sanitizeName } from "./sanitize.ts";
import type { Style } from "./style.ts";

/** A remark on a Dockerfile, as `build --check` shows it. */
export interface CheckFinding {
  /** Images whose checks made it. */
  readonly images: readonly string[];
  /** The Dockerfile, from where dock was called; of one in the project file what it belongs to. */
  readonly file: string;
  /** 1-based; 0 where it is about no line. */
  readonly line: number;
  readonly endLine: number;
  /** Empty for what would end a build before its first step. */
  readonly rule: string;
  readonly message: string;
  readonly description?: string;
  readonly url?: string;
}

/** The remarks, one a line with where the rule is explained below it, and how many. No newline at the end. */
export function formatCheck(findings: readonly CheckFinding[], images: number, style: Style): string {
  const files = `${images} ${images === 1 ? "image" : "images"}`;
  if (findings.length === 0) return style.dim(`Checked ${files}: nothing found.`);
  const lines = findings.flatMap(({ file, line, rule, message, url }) => [
    `${style.bold(sanitizeName(line === 0 ? file : `${file}:${line}`))}: ${ruleText(rule, style)}: ${sanitizeName(message)}`,
    ...(url === undefined ? [] : [style.dim(`  ${sanitizeName(url)}`)]),
  ]);
  const count = `${findings.length} ${findings.length === 1 ? "finding" : "findings"}`;
  return [...lines, style.dim(`Checked ${files}: ${count}.`)].join("\n");
}

function ruleText(rule: string, style: Style): string {
  return rule === "" ? style.red("error") : style.yellow(sanitizeName(rule));
}
