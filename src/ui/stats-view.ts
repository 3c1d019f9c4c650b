import { formatByteSize } from "../std/byte-size.ts";
import { sanitizeName } from "./sanitize.ts";
import type { Style } from "./style.ts";
import { formatTable } from "./table.ts";

/** What one container uses, as `stats --json` has it. Sizes are in bytes. */
export interface StatsRow {
  readonly service: string;
  readonly number: number;
  readonly name: string;
  readonly id: string;
  /** There while it runs. */
  readonly usage?: Usage;
}

export interface Usage {
  /** Of one processor: two busy ones are 200. */
  readonly cpuPercent: number;
  readonly memory: number;
  readonly memoryLimit: number;
  readonly networkReceived: number;
  readonly networkSent: number;
  readonly blockRead: number;
  readonly blockWritten: number;
  readonly processes: number;
}

/** The containers as a table in the given order. No newline at the end. */
export function formatStats(rows: readonly StatsRow[], style: Style): string {
  return formatTable(
    [
      { title: "NAME", shrinkTo: 16 },
      { title: "CPU %", align: "right" },
      { title: "MEM / LIMIT", align: "right" },
      { title: "MEM %", align: "right" },
      { title: "NET I/O", align: "right" },
      { title: "BLOCK I/O", align: "right" },
      { title: "PIDS", align: "right" },
    ],
    rows.map(({ name, usage }) => [sanitizeName(name), ...(usage ? cells(usage) : Array<string>(6).fill("--"))]),
    style,
  ).join("\n");
}

function cells(usage: Usage): readonly string[] {
  const { memory, memoryLimit } = usage;
  return [
    `${usage.cpuPercent.toFixed(1)}%`,
    `${formatByteSize(memory)} / ${formatByteSize(memoryLimit)}`,
    memoryLimit > 0 ? `${((100 * memory) / memoryLimit).toFixed(1)}%` : "--",
    `${formatByteSize(usage.networkReceived)} / ${formatByteSize(usage.networkSent)}`,
    `${formatByteSize(usage.blockRead)} / ${formatByteSize(usage.blockWritten)}`,
    String(usage.processes),
  ];
}
