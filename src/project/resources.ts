import { cdiRequests, normalizeRequests } from "./devices.ts";
import type { Service as FileService } from "./file.gen.ts";
import type { Resources } from "./limits-model.ts";
import type { Place } from "./place.ts";
import { compact } from "./plain-data.ts";
import { normalizeSize } from "./quantities.ts";

/** The engine makes no container with less. */
const LEAST_MEMORY = 6 * 1024 * 1024;

/** What a service's containers may use up. */
export function normalizeResources(service: FileService, place: Place): Resources {
  const { resources: file = {} } = service;
  const at = place.at("resources");
  const memory = normalizeSize(file.memory, at.at("memory"));
  const memoryReservation = normalizeSize(file.memory_reservation, at.at("memory_reservation"));
  const memorySwap = swapOf(file.memory_swap, at.at("memory_swap"));
  checkMemory({ memory, memoryReservation, memorySwap }, at);
  if (file.cpuset !== undefined && !/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(file.cpuset))
    at.at("cpuset").invalid("is no set of CPUs", "write it as `0-3` or `0,2`");
  return compact<Resources>({
    cpus: file.cpus,
    cpuset: file.cpuset,
    cpuShares: file.cpu_shares,
    memory,
    memoryReservation,
    memorySwap,
    pids: file.pids,
    devices: [...cdiRequests(service, place), ...normalizeRequests(file.devices, at.at("devices"))],
  });
}

function swapOf(given: string | number | undefined, place: Place): number | undefined {
  return given !== undefined && place.text().trim() === "-1" ? -1 : normalizeSize(given, place);
}

/** What the engine would refuse. */
function checkMemory(
  of: { readonly [K in "memory" | "memoryReservation" | "memorySwap"]: number | undefined },
  place: Place,
): void {
  const { memory, memoryReservation, memorySwap } = of;
  if (memory !== undefined && memory > 0 && memory < LEAST_MEMORY)
    place.at("memory").invalid("is less than a container can have", "give it `6m` or more");
  if (memoryReservation !== undefined && memory !== undefined && memory > 0 && memoryReservation > memory)
    place.at("memory_reservation").invalid("is more than `memory`");
  if (memorySwap === undefined || memorySwap === -1) return;
  if (memory === undefined || memory === 0)
    place.at("memory_swap").errorAtKey({
      code: "missing-key",
      message: "`memory_swap` needs `memory`: it is memory and swap together",
    });
  else if (memorySwap < memory)
    place.at("memory_swap").invalid("is less than `memory`", "it is memory and swap together");
}
