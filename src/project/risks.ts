import { normalize } from "node:path";
import type { Mistake } from "./findings.ts";
import type { Mount } from "./connection-model.ts";
import type { Service } from "./service-model.ts";
import type { Scope } from "./place.ts";

/** What a service that can do as it likes on this machine is said to do. */
const ROOT = "grants root on this host";

/** Sockets through which their holder starts containers of any kind. */
const ENGINE_SOCKET = /(^|\/)(docker|containerd|podman|crio|buildkitd)\.sock$/;

/** Directories that are the machine, or hold the engine's socket, whatever is done with them. */
const WHOLE = new Set(["/", "/etc", "/root", "/run", "/var", "/var/run", "/var/lib/docker", "/boot"]);

/** Directories through which whoever writes to them becomes root. */
const WRITABLE = new Set(["/bin", "/dev", "/lib", "/lib64", "/proc", "/sbin", "/sys", "/usr", "/var/lib"]);

/** Capabilities that lead out of a container. */
const ROOT_CAPABILITIES = /^(?:CAP_)?(?:ALL|SYS_ADMIN|SYS_MODULE|SYS_RAWIO|DAC_READ_SEARCH)$/i;

/** What is to be warned of when a path of this machine is mounted; `source` is absolute. */
export function bindRisk(
  { source, readOnly }: Pick<Extract<Mount, { kind: "bind" }>, "source" | "readOnly">,
  home: string | undefined,
): Mistake | undefined {
  const path = withoutSlash(normalize(source));
  const risk = (message: string): Mistake => ({ code: "risky-mount", message: `this mount ${message}` });
  if (ENGINE_SOCKET.test(path)) return risk(`${ROOT}: whoever has the engine has the machine`);
  if (WHOLE.has(path) || (WRITABLE.has(path) && !readOnly)) return risk(`${ROOT}: ${path} is the machine's own`);
  if (home !== undefined && path === withoutSlash(normalize(home)))
    return risk("gives the container your whole home directory, with the keys in it");
  return undefined;
}

/** Warns of services that are kept apart from the machine by little or nothing. */
export function warnOfRoot(services: readonly Service[], scope: Scope): void {
  const warn = (service: Service, path: readonly (string | number)[], what: string): void =>
    scope.findings.warning(["services", service.key, ...path], { code: "risky-service", message: `${what} ${ROOT}` });
  for (const service of services) {
    for (const [key, what] of sharedWithHost(service))
      scope.findings.warning(["services", service.key, key], {
        code: "risky-service",
        message: `\`${key}: host\` ${what}`,
      });
    if (service.privileged) warn(service, ["privileged"], "a privileged container");
    for (const [index, name] of service.capAdd.entries())
      if (ROOT_CAPABILITIES.test(name)) warn(service, ["cap_add", index], `the capability ${name.toUpperCase()}`);
  }
}

/** Namespaces of the machine that a service is in, by their keys, and what that comes to. */
function sharedWithHost({ pid, ipc, networkMode }: Service): readonly (readonly [string, string])[] {
  const shared: readonly (readonly [string, string | undefined, string])[] = [
    ["pid", pid, "lets the container see and signal every process of this host"],
    ["ipc", ipc, "gives the container the shared memory of this host's processes"],
    ["network_mode", networkMode, "gives the container this host's network with all that listens on its loopback"],
  ];
  return shared.flatMap(([key, value, what]) => (value === "host" ? [[key, what] as const] : []));
}

function withoutSlash(path: string): string {
  return path.replace(/(?<=.)\/$/, "");
}
