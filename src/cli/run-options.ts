import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { DockError } from "../error.ts";
import { effectiveService, type Mode } from "../plan/mode.ts";
import { splitWords } from "../project/command-words.ts";
import type { Mount, Port } from "../project/connection-model.ts";
import type { Service } from "../project/service-model.ts";
import { readPorts } from "../project/ports.ts";
import { collect } from "./command.ts";
import { environmentFiles, environmentOptions } from "./environment-options.ts";
import { keyValues } from "./load-project.ts";
import type { Io } from "./session.ts";

/** Options by which `run` makes a container different from its service's. */
export interface RunOptions {
  readonly env?: readonly string[];
  readonly envFromFile?: readonly string[];
  readonly volume?: readonly string[];
  readonly publish?: readonly string[];
  readonly servicePorts?: boolean;
  readonly user?: string;
  readonly workdir?: string;
  readonly entrypoint?: string;
  readonly label?: readonly string[];
  readonly capAdd?: readonly string[];
  readonly capDrop?: readonly string[];
}

/** Adds them to a command. */
export function addRunOptions(command: Command): void {
  command
    .option("-e, --env <K=V>", "set an environment variable; K alone takes ours (repeatable)", collect)
    .option("--env-from-file <FILE>", "set the environment variables of a file (repeatable)", collect)
    .option("-v, --volume <MOUNT>", "mount [SOURCE:]TARGET[:ro] (repeatable)", collect)
    .option("-p, --publish <PORT>", "publish [[ADDRESS:]PORT:]PORT (repeatable)", collect)
    .option("-P, --service-ports", "publish the service's ports")
    .option("-u, --user <USER>", "run as this user")
    .option("-w, --workdir <DIR>", "run in this directory")
    .option("--entrypoint <COMMAND>", "instead of the image's entrypoint; the service's command is left out then")
    .option("-l, --label <K=V>", "put a label on the container (repeatable)", collect)
    .option("--cap-add <NAME>", "add a capability (repeatable)", collect)
    .option("--cap-drop <NAME>", "drop a capability (repeatable)", collect);
}

/** How a one-off container gets its input and output. */
export interface RunStreams {
  readonly tty: boolean;
  readonly stdin: boolean;
}

/** The service as the container of `run` has it; mistakes in the options are usage errors. */
export async function serviceForRun(
  of: {
    readonly service: Service;
    readonly mode: Mode;
    readonly command: readonly string[];
    readonly streams: RunStreams;
  },
  options: RunOptions,
  io: Io,
): Promise<Service> {
  // What `dev` says about command and environment must not win over the command line.
  const { devMounts, ...base } = effectiveService(of.service, of.mode);
  const { entrypoint, command, ...plain } = base;
  const environment = {
    ...base.environment,
    ...(await environmentFiles(options.envFromFile ?? [], io)),
    ...environmentOptions(options.env ?? [], io.env),
  };
  const mounts = (options.volume ?? []).map((text) => mountOption(text, io));
  const targets = new Set(mounts.map(({ target }) => target));
  const ownEntrypoint = options.entrypoint === undefined ? entrypoint : words(options.entrypoint, "--entrypoint");
  const ownCommand = of.command.length > 0 ? of.command : options.entrypoint === undefined ? command : [];
  return {
    ...plain,
    ...(ownEntrypoint === undefined ? {} : { entrypoint: ownEntrypoint }),
    ...(ownCommand === undefined ? {} : { command: ownCommand }),
    environment,
    mounts: [...base.mounts.filter(({ target }) => !targets.has(target)), ...mounts],
    ports: [...(options.servicePorts ? base.ports : []), ...(options.publish ?? []).flatMap(portOption)],
    labels: { ...base.labels, ...keyValues(options.label ?? [], "--label") },
    capAdd: [...base.capAdd, ...(options.capAdd ?? [])],
    capDrop: [...base.capDrop, ...(options.capDrop ?? [])],
    restart: { policy: "no", maxRetries: 0 },
    tty: of.streams.tty,
    stdinOpen: of.streams.stdin,
    ...(options.user === undefined ? {} : { user: options.user }),
    ...(options.workdir === undefined ? {} : { workingDir: options.workdir }),
    dev: {
      mounts: devMounts.filter(({ target }) => !targets.has(target)),
      environment: {},
      ports: [],
      watch: [],
      reload: { kind: "self" },
    },
  };
}

function words(text: string, option: string): readonly string[] {
  const split = splitWords(text);
  if (split.kind === "words") return split.words;
  throw new DockError("usage", `${option} "${text}" ${split.problem}`);
}

function portOption(text: string): readonly Port[] {
  const read = readPorts(text);
  if (read.kind === "ports") return read.ports;
  throw new DockError(
    "usage",
    `--publish "${text}" ${read.problem}`,
    read.hint === undefined ? {} : { hint: read.hint },
  );
}

const PROPAGATIONS = ["private", "rprivate", "shared", "rshared", "slave", "rslave"] as const;

/** `[SOURCE:]TARGET[:OPTIONS]` as docker takes it; a path is relative to where we are, a name is the file's or the engine's volume. */
function mountOption(text: string, io: Io): Mount {
  const wrong = (problem: string, hint?: string): DockError =>
    new DockError("usage", `--volume "${text}" ${problem}`, hint === undefined ? {} : { hint });
  const parts = text.split(":");
  if (parts.length > 3) throw wrong("has more than three parts", "write SOURCE:TARGET:OPTIONS");
  const [first = "", second, given = ""] = parts;
  const target = second ?? first;
  if (!target.startsWith("/")) throw wrong("has no absolute path in the container", "write SOURCE:/TARGET");
  const options = given.split(",").filter((option) => option !== "");
  const propagation = PROPAGATIONS.find((name) => options.includes(name));
  const unknown = options.find((option) => !["ro", "rw", "nocopy", propagation].includes(option));
  if (unknown !== undefined) throw wrong(`has an unknown option "${unknown}"`, "use ro, rw, nocopy or a propagation");
  const common = { target, readOnly: options.includes("ro") };
  const noCopy = options.includes("nocopy");
  if (second === undefined) return { ...common, kind: "anonymous", noCopy };
  if (!/^[./~]/.test(first)) {
    if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(first))
      throw wrong("has a source that is neither a path nor a volume's name");
    return { ...common, kind: "volume", volume: first, noCopy };
  }
  const home = io.env["HOME"] ?? homedir();
  const source = /^~(?:\/|$)/.test(first) ? resolve(join(home, first.slice(1))) : resolve(io.cwd, first);
  if (!existsSync(source)) throw wrong(`has a source that is not there: ${source}`);
  const at = { source: { file: "--volume", text }, span: { start: 0, end: first.length } };
  return { ...common, kind: "bind", source, createHostPath: false, at, ...(propagation ? { propagation } : {}) };
}
