import { formatByteSize } from "../std/byte-size.ts";
import { compareText } from "../std/digest.ts";
import { formatBar } from "./bar.ts";
import { sanitizeName } from "./sanitize.ts";
import type { Style } from "./style.ts";
import { formatTable } from "./table.ts";

/** One file of a build context. */
export interface ContextRow {
  /** Relative to the context, with `/`. */
  readonly path: string;
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
}

/** What is known of a context beside its files. */
export interface ContextSummary {
  /** The image's key. */
  readonly image: string;
  /** The context's directory as the user calls it. */
  readonly root: string;
  /** Paths of files that look like secrets. */
  readonly suspects?: readonly string[];
}

/** From here on a context is worth a warning, in bytes: it is walked at every plan and sent at the first build. */
const LARGE = 100_000_000;

const BAR_WIDTH = 16;
const SHOWN = 8;

/** Directories that a build seldom needs from outside: they are installed, built or kept by tools. */
const SELDOM_NEEDED = new Set([
  ".cache",
  ".git",
  ".gradle",
  ".idea",
  ".mypy_cache",
  ".next",
  ".nuxt",
  ".pytest_cache",
  ".svn",
  ".terraform",
  ".tox",
  ".venv",
  ".vscode",
  "__pycache__",
  "bower_components",
  "build",
  "coverage",
  "dist",
  "node_modules",
  "target",
  "venv",
]);

/** What the builder sees: the total, the largest directories and files with bars, and what an ignore line would save. No newline at the end. */
export function formatContext(of: ContextSummary, files: readonly ContextRow[], style: Style): string {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const count = `${files.length} ${files.length === 1 ? "file" : "files"}`;
  const head = `${style.bold(sanitizeName(of.image))} sees ${count}, ${style.bold(formatByteSize(total))}, of ${sanitizeName(of.root)}`;
  const directories = largest(sizes(files, topDirectories));
  const biggest = largest(new Map(files.map(({ path, size }) => [path, size])));
  return [
    head,
    ...section("DIRECTORY", directories, { total, style }),
    ...section("FILE", biggest, { total, style }),
    ...warnings(of, total, style),
    ...hints(files, total, style),
  ].join("\n");
}

/** What lines in the ignore file would save, most first: directories that builds seldom need and that are worth it. */
export function ignoreSavings(
  files: readonly ContextRow[],
): readonly { readonly pattern: string; readonly bytes: number }[] {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const savings = sizes(files, seldomNeeded);
  return largest(savings)
    .filter(({ bytes }) => bytes >= 100_000 && bytes >= total / 100)
    .map(({ name, bytes }) => ({ pattern: name, bytes }));
}

interface Share {
  readonly name: string;
  readonly bytes: number;
}

/** Bytes by a name that each path gives, or by none. */
function sizes(files: readonly ContextRow[], name: (path: string) => string | undefined): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { path, size } of files) {
    const key = name(path);
    if (key !== undefined) sums.set(key, (sums.get(key) ?? 0) + size);
  }
  return sums;
}

function topDirectories(path: string): string | undefined {
  const end = path.indexOf("/");
  return end < 0 ? undefined : `${path.slice(0, end)}/`;
}

/** The outermost directory on the path that is seldom needed, as an ignore pattern that matches it wherever it lies. */
function seldomNeeded(path: string): string | undefined {
  const parts = path.split("/").slice(0, -1);
  const index = parts.findIndex((part) => SELDOM_NEEDED.has(part));
  if (index < 0) return undefined;
  return index === 0 ? parts[0] : `**/${parts[index]}`;
}

function largest(sums: ReadonlyMap<string, number>): readonly Share[] {
  return [...sums]
    .map(([name, bytes]) => ({ name, bytes }))
    .filter(({ bytes }) => bytes > 0)
    .sort((a, b) => b.bytes - a.bytes || compareText(a.name, b.name))
    .slice(0, SHOWN);
}

function section(
  title: string,
  shares: readonly Share[],
  of: { readonly total: number; readonly style: Style },
): readonly string[] {
  if (shares.length === 0) return [];
  const { total, style } = of;
  const rows = shares.map(({ name, bytes }) => [
    formatByteSize(bytes),
    style.cyan(formatBar(bytes / total, BAR_WIDTH, style)),
    sanitizeName(name),
  ]);
  const columns = [{ title: "SIZE", align: "right" }, { title: "" }, { title, shrinkTo: 20 }] as const;
  return ["", ...formatTable(columns, rows, style)];
}

function warnings({ suspects = [] }: ContextSummary, total: number, style: Style): readonly string[] {
  const mark = style.yellow("warning:");
  const shown = suspects.slice(0, SHOWN).map((path) => sanitizeName(path));
  const more = suspects.length > shown.length ? ` and ${suspects.length - shown.length} more` : "";
  return [
    ...(total > LARGE ? ["", `${mark} that is more than ${formatByteSize(LARGE)}: leave out what no step needs`] : []),
    ...(suspects.length === 0
      ? []
      : [
          "",
          `${mark} ${suspects.length === 1 ? "this looks like a secret" : "these look like secrets"}: ${shown.join(", ")}${more}`,
          `${style.cyan("hint:")} name them in the ignore file; a step that needs one mounts it: RUN --mount=type=secret`,
        ]),
  ];
}

function hints(files: readonly ContextRow[], total: number, style: Style): readonly string[] {
  const savings = ignoreSavings(files);
  if (savings.length === 0) return [];
  return [
    "",
    ...savings.map(({ pattern, bytes }) => {
      const percent = Math.round((bytes / total) * 100);
      return `${style.cyan("hint:")} a line ${style.bold(sanitizeName(pattern))} in the ignore file would save ${formatByteSize(bytes)} (${percent} %)`;
    }),
  ];
}
