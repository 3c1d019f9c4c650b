import { quote } from "./findings.ts";
import type { Port, Service } from "./model.ts";
import type { PublishedPort, Scope } from "./place.ts";

/** Reports host ports that two containers of the project would claim, dev ports included. */
export function checkPorts(services: readonly Service[], scope: Scope): void {
  const byKey = new Map(services.map((service) => [service.key, service]));
  const claims = new Map<string, PublishedPort[]>();
  for (const claim of scope.published) {
    const { port, place, service } = claim;
    const owner = byKey.get(service);
    if (port.hostPort === undefined || owner?.networkMode === "host") continue;
    if (owner && owner.scale > 1) {
      const message = "containers of a service with `scale` above 1 can't share a host port";
      place.errorAtKey({ code: "port-conflict", message, hint: "leave the host port out" });
    }
    const key = `${port.hostPort}/${port.protocol}`;
    const earlier = claims.get(key) ?? [];
    claims.set(key, earlier);
    const rival = earlier.find((other) => overlap(other.port, port));
    earlier.push(claim);
    if (!rival) continue;
    const holder = rival.service === service ? "this service" : quote(rival.service);
    const related = [{ message: "the other port", at: rival.place.value() }];
    place.errorAtKey({ code: "port-conflict", message: `this host port is taken by ${holder} already`, related });
  }
}

/** Two addresses of one family collide when they are equal or one of them means all. */
function overlap(a: Port, b: Port): boolean {
  const isV6 = a.hostIp.includes(":");
  if (isV6 !== b.hostIp.includes(":")) return false;
  const all = isV6 ? "::" : "0.0.0.0";
  return a.hostIp === b.hostIp || a.hostIp === all || b.hostIp === all;
}
