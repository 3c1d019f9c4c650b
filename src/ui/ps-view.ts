import type { Style } from "./style.ts";
import { sanitizeName } from "./sanitize.ts";
import { formatTable } from "./table.ts";

/** One container of the project, as `ps --json` has it (spec §6). */
export interface PsRow {
  readonly service: string;
  readonly number: number;
  readonly name: string;
  readonly id: string;
  readonly image: string;
  readonly state: string;
  readonly health?: string;
  readonly exitCode?: number;
  readonly ports: readonly PsPort[];
  /** Whether it is as the project file wants it. */
  readonly upToDate: boolean;
}

/** A published port. */
export interface PsPort {
  readonly host: string;
  readonly hostPort: number;
  readonly port: number;
  readonly protocol: string;
}

/** The containers as a table in the given order, or one line when there are none. No newline at the end. */
export function formatPs(rows: readonly PsRow[], style: Style): string {
  if (rows.length === 0) return style.dim("No containers. `dock up` makes them.");
  const table = formatTable(
    [
      { title: "NAME" },
      { title: "SERVICE" },
      { title: "IMAGE", shrinkTo: 12 },
      { title: "STATE" },
      { title: "PORTS", shrinkTo: 16 },
    ],
    rows.map((row) => [
      sanitizeName(row.name),
      sanitizeName(row.service),
      sanitizeName(row.image),
      stateText(row, style),
      portsText(row.ports, style),
    ]),
    style,
  );
  return table.join("\n");
}

function stateText(row: PsRow, style: Style): string {
  const details = [
    ...(row.health === undefined ? [] : [sanitizeName(row.health)]),
    ...(row.exitCode === undefined || row.state === "running" ? [] : [`code ${row.exitCode}`]),
    ...(row.upToDate ? [] : ["outdated"]),
  ];
  const text = sanitizeName(row.state) + (details.length > 0 ? ` (${details.join(", ")})` : "");
  if (row.health === "unhealthy" || (row.exitCode !== undefined && row.exitCode !== 0)) return style.red(text);
  if (row.state !== "running" || row.health === "starting" || !row.upToDate) return style.yellow(text);
  return style.green(text);
}

/** `127.0.0.1:8080→80`, the protocol only where it is not tcp; neighbouring ports as a range. */
function portsText(ports: readonly PsPort[], style: Style): string {
  const sorted = ports.toSorted(
    (a, b) => a.port - b.port || a.hostPort - b.hostPort || Number(a.host > b.host) - Number(a.host < b.host),
  );
  const runs: { readonly first: PsPort; last: PsPort }[] = [];
  for (const port of sorted) {
    const run = runs.find(({ last }) => follows(last, port));
    if (run) run.last = port;
    else runs.push({ first: port, last: port });
  }
  return runs
    .map(({ first, last }) => {
      const host = first.host.includes(":") ? `[${first.host}]` : first.host;
      const protocol = first.protocol === "tcp" ? "" : `/${first.protocol}`;
      const text = `${host}:${range(first.hostPort, last.hostPort)}${style.symbols.arrow}${range(first.port, last.port)}${protocol}`;
      return sanitizeName(text);
    })
    .join(", ");
}

function follows(last: PsPort, port: PsPort): boolean {
  return (
    last.host === port.host &&
    last.protocol === port.protocol &&
    last.port + 1 === port.port &&
    last.hostPort + 1 === port.hostPort
  );
}

function range(first: number, last: number): string {
  return first === last ? String(first) : `${first}-${last}`;
}
