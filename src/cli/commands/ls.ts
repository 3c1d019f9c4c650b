import { DockError } from "../../error.ts";
import { LABEL } from "../../plan/labels.ts";
import type { ObservedContainer } from "../../plan/observed.ts";
import { compareText } from "../../std/digest.ts";
import { formatLs, type LsRow } from "../../ui/ls-view.ts";
import { collect, type CommandDefinition, type Invocation } from "../command.ts";
import { stdoutStyle } from "../report.ts";

interface LsOptions {
  readonly all?: boolean;
  readonly filter?: readonly string[];
}

/** `dock ls`: the projects that have containers on the engine; it needs no project file. */
export const ls: CommandDefinition = {
  usage: "",
  printsDocument: true,
  configure: (command) => {
    command
      .option("-a, --all", "also projects of which nothing runs")
      .option("--filter <name=TEXT>", "only projects whose name contains TEXT (repeatable)", collect);
  },
  run: async ({ session, options }: Invocation) => {
    const given = options as LsOptions;
    const parts = (given.filter ?? []).map(namePart);
    const listed = await session.engine().listContainers({ labels: [LABEL.project] }, session.signal);
    const projects = projectRows(listed.filter((container) => container.labels[LABEL.oneOff] === undefined));
    const rows = projects.filter(
      ({ name, states }) =>
        parts.every((part) => name.includes(part)) && (given.all === true || states["running"] !== undefined),
    );
    const { stdout } = session.io;
    if (session.globals.quiet) stdout.write(rows.map(({ name }) => `${name}\n`).join(""));
    else if (session.globals.json) stdout.write(`${JSON.stringify(rows, undefined, 2)}\n`);
    else stdout.write(`${formatLs(rows, stdoutStyle(session))}\n`);
    return 0;
  },
};

function namePart(filter: string): string {
  const part = /^name=(.+)$/.exec(filter)?.[1];
  if (part === undefined) throw new DockError("usage", `--filter takes name=TEXT, not "${filter}"`);
  return part;
}

function projectRows(containers: readonly ObservedContainer[]): readonly LsRow[] {
  const byName = new Map<string, ObservedContainer[]>();
  for (const container of containers) {
    const name = container.labels[LABEL.project] ?? "";
    byName.set(name, [...(byName.get(name) ?? []), container]);
  }
  return [...byName]
    .map(([name, own]) => ({
      name,
      files: distinct(own.map(({ labels }) => labels[LABEL.file])),
      services: distinct(own.map(({ labels }) => labels[LABEL.service])),
      states: countByState(own),
    }))
    .sort((a, b) => compareText(a.name, b.name));
}

function distinct(texts: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(texts.filter((text) => text !== undefined))].sort(compareText);
}

/** Running ones first. */
function countByState(containers: readonly ObservedContainer[]): Readonly<Record<string, number>> {
  const states = containers.map(({ state }) => state).sort(compareText);
  const order = [...new Set(states)].sort((a, b) => Number(b === "running") - Number(a === "running"));
  return Object.fromEntries(order.map((state) => [state, states.filter((other) => other === state).length]));
}
