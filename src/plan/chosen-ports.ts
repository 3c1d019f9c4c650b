import type { Port } from "../project/connection-model.ts";
import { LABEL } from "./labels.ts";
import type { ObservedContainer } from "./observed.ts";

/** `127.0.0.1:3000/tcp`: what the choice of a host port is for. */
export function portKey({ hostIp, containerPort, protocol }: Port): string {
  return `${hostIp}:${containerPort}/${protocol}`;
}

/** The host ports that dock chose for a container when it was created, by what they are for. */
export function chosenPorts(container: Pick<ObservedContainer, "labels">): Readonly<Record<string, number>> {
  try {
    const value: unknown = JSON.parse(container.labels[LABEL.ports] ?? "{}");
    return value !== null && typeof value === "object" ? (value as Readonly<Record<string, number>>) : {};
  } catch {
    return {};
  }
}
