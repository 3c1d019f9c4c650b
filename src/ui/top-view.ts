import { sanitizeName } from "./sanitize.ts";
import type { Style } from "./style.ts";
import { formatTable } from "./table.ts";

/** The processes of one container, in the columns that the engine gives. */
export interface TopRow {
  readonly name: string;
  readonly titles: readonly string[];
  readonly processes: readonly (readonly string[])[];
}

/** A table for each container under its name. No newline at the end. */
export function formatTop(rows: readonly TopRow[], style: Style): string {
  return rows
    .map(({ name, titles, processes }) => {
      const columns = titles.map((title, index) => ({
        title: sanitizeName(title),
        ...(index === titles.length - 1 ? { shrinkTo: 20 } : {}),
      }));
      const cells = processes.map((process) => process.map(sanitizeName));
      return [style.bold(sanitizeName(name)), ...formatTable(columns, cells, style)].join("\n");
    })
    .join("\n\n");
}
