import type { Style } from "./style.ts";
import { displayWidth, pad, truncate } from "./width.ts";

/** One column of a table. */
export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
  /** Cells it keeps when the table is too wide for the terminal; a column without this is never cut. */
  readonly shrinkTo?: number;
}

const GAP = "  ";

/**
 * Rows under dim titles, in aligned columns, as wide as their widest cell. Where the style has a width, columns that
 * may shrink are cut with `…` until a row fits, the widest first. Cells must be safe text of one line.
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  style: Style,
): readonly string[] {
  const natural = columns.map((column, index) =>
    Math.max(displayWidth(column.title), ...rows.map((row) => displayWidth(row[index] ?? ""))),
  );
  const widths = fit(columns, natural, style.width);
  const line = (row: readonly string[]): string =>
    columns
      .map((column, index) => {
        const width = widths[index] ?? 0;
        return pad(truncate(row[index] ?? "", width, style.symbols.ellipsis), width, column.align === "right");
      })
      .join(GAP)
      .trimEnd();
  return [style.dim(line(columns.map((column) => column.title))), ...rows.map(line)];
}

function fit(columns: readonly Column[], natural: readonly number[], limit: number | undefined): readonly number[] {
  const widths = [...natural];
  if (limit === undefined) return widths;
  let excess = widths.reduce((sum, width) => sum + width, 0) + GAP.length * (columns.length - 1) - limit;
  while (excess > 0) {
    let widest = -1;
    columns.forEach((column, index) => {
      const width = widths[index] ?? 0;
      if (column.shrinkTo !== undefined && width > column.shrinkTo && width > (widths[widest] ?? 0)) widest = index;
    });
    if (widest < 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
}
