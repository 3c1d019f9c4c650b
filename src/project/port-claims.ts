import { quote } from "./findings.ts";
import type { Port } from "./connection-model.ts";
import type { Service } from "./service-model.ts";
import type { PublishedPort, Scope } from "./place.ts";

/** Who has one port of one address family: by address, and the first of all. */
interface Holders {
  readonly byAddress: Map<string, PublishedPort>;
  readonly first: PublishedPort;
}

/** Reports host ports that two containers of the project would claim, dev ports included. */
export function checkPorts(services: readonly Service[], scope: Scope): void {
  const byKey = new Map(services.map((service) => [service.key, service]));
  const claims = new Map<string, Holders>();
  for (const claim of scope.published) {
    const { port, place, service } = claim;
    const owner = byKey.get(service);
    if (port.hostPort === undefined || owner?.networkMode === "host") continue;
    if (owner && owner.scale > 1) {
      const message = "containers of a service with `scale` above 1 can't share a host port";
      place.errorAtKey({ code: "port-conflict", message, hint: "leave the host port out" });
    }
    const rival = takePort(claims, claim);
    if (!rival) continue;
    const holder = rival.service === service ? "this service" : quote(rival.service);
    const related = [{ message: "the other port", at: rival.place.value() }];
    place.errorAtKey({ code: "port-conflict", message: `this host port is taken by ${holder} already`, related });
  }
}

/** Notes a claim and returns an earlier one that it collides with: addresses of one family are equal, or one of them means all. */
function takePort(claims: Map<string, Holders>, claim: PublishedPort): PublishedPort | undefined {
  const { hostIp, hostPort, protocol }: Port = claim.port;
  const family = hostIp.includes(":") ? "::" : "0.0.0.0";
  const key = `${family} ${hostPort}/${protocol}`;
  const holders = claims.get(key);
  if (!holders) {
    claims.set(key, { byAddress: new Map([[hostIp, claim]]), first: claim });
    return undefined;
  }
  const rival =
    holders.byAddress.get(hostIp) ?? holders.byAddress.get(family) ?? (hostIp === family ? holders.first : undefined);
  if (!holders.byAddress.has(hostIp)) holders.byAddress.set(hostIp, claim);
  return rival;
}
