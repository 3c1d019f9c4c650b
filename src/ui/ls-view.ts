import { sanitizeName } from "./sanitize.ts";
import type { Style } from "./style.ts";
import { formatTable } from "./table.ts";

/** One project on the engine, as `ls --json` has it. */
export interface LsRow {
  readonly name: string;
  /** Project files that its containers name: two where two checkouts have one project name. */
  readonly files: readonly string[];
  readonly services: readonly string[];
  /** Number of containers by state. */
  readonly states: Readonly<Record<string, number>>;
}

/** The projects as a table in the given order, or one line when there are none. No newline at the end. */
export function formatLs(rows: readonly LsRow[], style: Style): string {
  if (rows.length === 0) return style.dim("No projects. `dock up` makes one.");
  return formatTable(
    [{ title: "NAME" }, { title: "STATUS" }, { title: "FILE", shrinkTo: 20 }],
    rows.map(({ name, states, files }) => {
      const status = Object.entries(states)
        .map(([state, count]) => `${sanitizeName(state)}(${count})`)
        .join(", ");
      const paint = states["running"] === undefined ? style.yellow : style.green;
      return [sanitizeName(name), paint(status), files.map(sanitizeName).join(", ")];
    }),
    style,
  ).join("\n");
}
