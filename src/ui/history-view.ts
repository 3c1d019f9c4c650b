import { formatByteSize } from "../std/byte-size.ts";
import { formatBar } from "./bar.ts";
import { sanitizeName } from "./sanitize.ts";
import type { Style } from "./style.ts";
import { formatTable } from "./table.ts";
import { truncate } from "./width.ts";

/** One step of an image's history, in the engine's words. */
export interface HistoryRow {
  readonly createdBy: string;
  /** Bytes that the step added. */
  readonly size: number;
  /** Seconds since the epoch. */
  readonly created: number;
  /** True when the step changed only the image's configuration. */
  readonly emptyLayer?: boolean;
  /** What the last build did with the step, where that is known. */
  readonly origin?: "cached" | "built";
  /** Other images of the project that have the step's layer. */
  readonly sharedWith?: readonly string[];
}

const BAR_WIDTH = 16;
/** Cells of an instruction where no terminal says how wide a line may be. */
const INSTRUCTION_WIDTH = 100;

/** The layers in the given order with size, share of the whole as a bar, and instruction; the sum at the end. No newline at the end. */
export function formatHistory(rows: readonly HistoryRow[], style: Style): string {
  const total = rows.reduce((sum, { size }) => sum + size, 0);
  const largest = Math.max(1, ...rows.map(({ size }) => size));
  const hasOrigins = rows.some(({ origin }) => origin !== undefined);
  const hasShares = rows.some(({ sharedWith = [] }) => sharedWith.length > 0);
  const table = formatTable(
    [
      { title: "SIZE", align: "right" },
      { title: "" },
      ...(hasOrigins ? [{ title: "STEP" }] : []),
      { title: "INSTRUCTION", shrinkTo: 20 },
      ...(hasShares ? [{ title: "SHARED WITH", shrinkTo: 12 }] : []),
    ],
    rows.map((row) => {
      const instruction = truncate(instructionOf(row.createdBy), INSTRUCTION_WIDTH, style.symbols.ellipsis);
      const empty = row.size === 0;
      return [
        empty ? style.dim("0 B") : formatByteSize(row.size),
        style.cyan(formatBar(row.size / largest, BAR_WIDTH, style)),
        ...(hasOrigins ? [row.origin === "cached" ? style.dim("cached") : (row.origin ?? "")] : []),
        empty ? style.dim(instruction) : instruction,
        ...(hasShares ? [(row.sharedWith ?? []).map((name) => sanitizeName(name)).join(" ")] : []),
      ];
    }),
    style,
  );
  const layers = rows.filter(({ size, emptyLayer }) => size > 0 && emptyLayer !== true).length;
  const shared = rows.filter(({ sharedWith = [] }) => sharedWith.length > 0);
  const sharedBytes = shared.reduce((sum, { size }) => sum + size, 0);
  const sharing = shared.length === 0 ? "" : `, ${formatByteSize(sharedBytes)} of it shared`;
  const sum = `${style.bold(formatByteSize(total))} in ${layers} ${layers === 1 ? "layer" : "layers"}${sharing}`;
  return [...table, "", sum].join("\n");
}

/**
 * The Dockerfile's instruction behind a step's command: builders note `RUN` with its shell and its arguments before it,
 * all else as `#(nop)`.
 */
export function instructionOf(createdBy: string): string {
  const text = sanitizeName(
    createdBy
      .replaceAll(/\s+/g, " ")
      .trim()
      .replace(/ # buildkit$/, ""),
  );
  const nop = /^\/bin\/sh -c #\(nop\) ?(.*)$/.exec(text)?.[1];
  if (nop !== undefined) return nop.trim();
  const command = text.replace(/^RUN /, "").replace(/^\|\d+ (?:\S+=.*? )?(?=\/bin\/sh -c )/, "");
  const shell = /^\/bin\/sh -c (.*)$/.exec(command)?.[1];
  return shell === undefined ? text : `RUN ${shell}`;
}
