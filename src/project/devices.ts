import type { Device, Service as FileService } from "./file.gen.ts";
import { normalizePairs } from "./key-values.ts";
import type { DeviceMapping, DeviceRequest } from "./limits-model.ts";
import type { Service } from "./service-model.ts";
import { items, type Place } from "./place.ts";
import { compact } from "./plain-data.ts";

type Devices = Pick<Service, "devices" | "gpus" | "deviceCgroupRules">;

/** A device by its name in the Container Device Interface: `vendor.example/class=name`. */
const CDI = /^[a-zA-Z][\w.-]*\/[a-zA-Z][\w.-]*=[a-zA-Z0-9][\w.:-]*$/;

/** The devices of the machine that a service's containers get. */
export function normalizeDevices(file: FileService, place: Place): Devices {
  return {
    devices: items(file.devices, place.at("devices")).flatMap(([text, at]) =>
      CDI.test(text) ? [] : (mappingOf(text, at) ?? []),
    ),
    gpus: gpusOf(file.gpus, place.at("gpus")),
    deviceCgroupRules: items(file.device_cgroup_rules, place.at("device_cgroup_rules")).map(([rule, at]) => {
      if (!/^[abc] (\d+|\*):(\d+|\*) [rwm]{1,3}$/.test(rule))
        at.invalid("is no rule for devices", "write it as `c 1:3 mr`: type, major:minor, access");
      return rule;
    }),
  };
}

/** `HOST[:CONTAINER[:ACCESS]]`, as `docker run --device` takes it. */
function mappingOf(text: string, place: Place): DeviceMapping | undefined {
  const [host = "", second, third, ...rest] = text.split(":");
  const isAccess = (part: string | undefined): part is string => part !== undefined && /^[rwm]{1,3}$/.test(part);
  const container = second === undefined || isAccess(second) ? host : second;
  const access = isAccess(second) ? second : (third ?? "rwm");
  const isRight = host.startsWith("/") && container.startsWith("/") && isAccess(access) && rest.length === 0;
  return isRight
    ? { host, container, access }
    : place.invalid("is no device", "write it as `/dev/HOST:/dev/CONTAINER:rwm`");
}

/** Devices that `devices` names the CDI's way. */
export function cdiRequests(file: FileService, place: Place): DeviceRequest[] {
  const ids = items(file.devices, place.at("devices"))
    .map(([text]) => text)
    .filter((text) => CDI.test(text));
  return ids.length === 0 ? [] : [{ driver: "cdi", ids }];
}

function gpusOf(given: FileService["gpus"], place: Place): DeviceRequest[] {
  if (given === undefined) return [];
  if (typeof given === "string") {
    if (given !== "all") place.invalid("is no choice of GPUs", "use `all`, or a list of reservations");
    return [{ count: -1, capabilities: ["gpu"] }];
  }
  return items(given, place).flatMap(([device, at]) => requestOf(device, ["gpu"], at) ?? []);
}

/** The reservations of a list. */
export function normalizeRequests(given: readonly Device[] | undefined, place: Place): DeviceRequest[] {
  return items(given, place).flatMap(([device, at]) => requestOf(device, [], at) ?? []);
}

function requestOf(file: Device, implied: readonly string[], place: Place): DeviceRequest | undefined {
  const ids = items(file.device_ids, place.at("device_ids")).map(([id]) => id);
  const asked = items(file.capabilities, place.at("capabilities")).map(([capability]) => capability);
  const capabilities = [...new Set([...implied, ...asked])];
  if (file.count !== undefined && ids.length > 0) {
    const message = "`count` and `device_ids` exclude each other";
    place.at("count").errorAtKey({ code: "conflicting-keys", message });
  }
  if (implied.length === 0 && !place.has("capabilities") && file.driver !== "cdi")
    place.errorAtKey({
      code: "missing-key",
      message: "a reservation needs `capabilities`",
      hint: "for example `[gpu]`",
    });
  const options = normalizePairs(file.options, place.at("options"));
  return compact<DeviceRequest>({
    driver: file.driver,
    count: ids.length > 0 ? undefined : countOf(file.count, place.at("count")),
    ids: ids.length > 0 ? ids : undefined,
    capabilities: capabilities.length > 0 ? capabilities : undefined,
    options: Object.keys(options).length > 0 ? options : undefined,
  });
}

function countOf(given: string | number | undefined, place: Place): number | undefined {
  if (given === undefined) return -1;
  const text = place.text();
  if (text === "all") return -1;
  return /^[1-9]\d{0,5}$/.test(text) ? Number(text) : place.invalid("is no count", "use a number, or `all`");
}
