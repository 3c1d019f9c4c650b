import type { Service as FileService } from "./file.gen.ts";
import { quote } from "./findings.ts";
import type { Dependency } from "./readiness-model.ts";
import type { Service } from "./service-model.ts";
import type { Place } from "./place.ts";

/** What a service's containers share with the machine or with another container instead of having their own. */
type Namespaces = Pick<Service, "pid" | "ipc" | "uts" | "usernsMode" | "cgroup" | "cgroupParent">;

/** The namespaces of a service. */
export function normalizeNamespaces(
  file: FileService,
  place: Place,
): { [K in keyof Namespaces]-?: Namespaces[K] | undefined } {
  if (file.uts === "host" && file.hostname !== undefined) {
    const message = "`hostname` has no meaning with `uts: host`, which is the machine's own";
    place.at("hostname").errorAtKey({ code: "conflicting-keys", message });
  }
  return {
    pid: namespaceOf(file.pid, { own: ["host"] }, place.at("pid")),
    ipc: namespaceOf(file.ipc, { own: ["host", "none", "private", "shareable"] }, place.at("ipc")),
    uts: wordOf(file.uts, place.at("uts")),
    usernsMode: wordOf(file.userns_mode, place.at("userns_mode")),
    cgroup: file.cgroup,
    cgroupParent: file.cgroup_parent,
  };
}

/** A mode that is one word, or another container's namespace: `service:<key>` of this project, or `container:<name>` of anybody. */
export function namespaceOf(
  given: string | undefined,
  { own }: { readonly own: readonly string[] },
  place: Place,
): string | undefined {
  if (given === undefined || own.includes(given)) return given;
  const [, kind, name = ""] = /^(service|container):(.*)$/s.exec(given) ?? [];
  if (kind === "container" && /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) return given;
  if (kind === "service") return serviceMode(name, place);
  return place.invalid("can't be used here", `use \`service:KEY\`, \`container:NAME\` or ${own.map(quote).join(", ")}`);
}

function serviceMode(name: string, place: Place): string | undefined {
  const { declared, findings } = place.scope;
  if (place.path[1] === name) {
    place.error({ code: "dependency-cycle", message: "a service can't share a namespace with itself" });
    return undefined;
  }
  if (declared.services.has(name)) return `service:${name}`;
  const hint = findings.suggest(name, declared.services);
  place.error({ code: "unknown-service", message: `${place.written()} names no service of this project`, hint });
  return undefined;
}

function wordOf(given: string | undefined, place: Place): string | undefined {
  if (given === undefined || given === "host") return given;
  return place.invalid("can't be used here", "use `host`, or leave it out");
}

/** The service whose namespace a mode names, or undefined. */
export function sharedService(mode: string | undefined): string | undefined {
  return mode?.startsWith("service:") ? mode.slice("service:".length) : undefined;
}

/** The dependencies with the services whose namespaces are shared: those have to run before. */
export function withOwners(
  dependencies: readonly Dependency[],
  modes: readonly (string | undefined)[],
): readonly Dependency[] {
  const known = new Set(dependencies.map(({ service }) => service));
  const owners = new Set(modes.flatMap((mode) => sharedService(mode) ?? []));
  const added = [...owners]
    .filter((service) => !known.has(service))
    .map((service): Dependency => ({ service, condition: "started", required: true, restart: false }));
  return [...dependencies, ...added];
}
