import { sanitizeName } from "./sanitize.ts";
import type { Style } from "./style.ts";
import { formatTable } from "./table.ts";

/** An image of the project, as `build --list` shows it. */
export interface ListedImage {
  readonly name: string;
  readonly context: string;
  /** Empty for one that stands in the project file. */
  readonly dockerfile: string;
  readonly target?: string;
  readonly tags: readonly string[];
  readonly groups: readonly string[];
}

/** A variable that the project file declares, as `build --list=variables` shows it. */
export interface ListedVariable {
  readonly name: string;
  readonly type?: string;
  readonly default?: string;
  readonly description?: string;
}

/** An argument of a Dockerfile, as `build --outline` shows it. */
export interface ListedArgument {
  readonly name: string;
  /** What the Dockerfile says, as it is written there. */
  readonly default?: string;
  /** What the project file gives it. */
  readonly value?: string;
  /** Line of the Dockerfile. */
  readonly line: number;
  /** Stages that declare it; empty in front of the first one. */
  readonly stages: readonly string[];
}

/** The images as a table. No newline at the end. */
export function formatImageList(images: readonly ListedImage[], style: Style): string {
  const columns = [
    { title: "IMAGE" },
    { title: "CONTEXT", shrinkTo: 12 },
    { title: "DOCKERFILE", shrinkTo: 12 },
    { title: "TAGS", shrinkTo: 16 },
    { title: "GROUPS", shrinkTo: 8 },
  ];
  const rows = images.map(({ name, context, dockerfile, target, tags, groups }) =>
    [
      name,
      context,
      `${dockerfile || "(inline)"}${target === undefined ? "" : ` (${target})`}`,
      tags.join(" "),
      groups.join(" "),
    ].map((cell) => sanitizeName(cell)),
  );
  return formatTable(columns, rows, style).join("\n");
}

/** The variables as a table, or one line when there are none. No newline at the end. */
export function formatVariableList(variables: readonly ListedVariable[], style: Style): string {
  if (variables.length === 0) return style.dim("The project file declares no variables: they go under `vars`.");
  const columns = [
    { title: "VARIABLE" },
    { title: "TYPE" },
    { title: "DEFAULT", shrinkTo: 12 },
    { title: "DESCRIPTION", shrinkTo: 20 },
  ];
  const rows = variables.map((variable) =>
    [variable.name, variable.type ?? "", variable.default ?? "(none)", variable.description ?? ""].map((cell) =>
      sanitizeName(cell),
    ),
  );
  return formatTable(columns, rows, style).join("\n");
}

/** The arguments of one image's Dockerfile as a table under its name. No newline at the end. */
export function formatOutline(image: string, args: readonly ListedArgument[], style: Style): string {
  if (args.length === 0) return `${sanitizeName(image)}\n${style.dim("  its Dockerfile declares no arguments")}`;
  const columns = [
    { title: "ARGUMENT" },
    { title: "VALUE", shrinkTo: 12 },
    { title: "DEFAULT", shrinkTo: 12 },
    { title: "LINE", align: "right" as const },
    { title: "STAGES", shrinkTo: 12 },
  ];
  const rows = args.map((argument) =>
    [
      argument.name,
      argument.value ?? "",
      argument.default ?? "",
      String(argument.line),
      argument.stages.join(" ") || "(global)",
    ].map((cell) => sanitizeName(cell)),
  );
  return [sanitizeName(image), ...formatTable(columns, rows, style).map((line) => `  ${line}`)].join("\n");
}
