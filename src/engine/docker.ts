import { archiveCalls } from "./archive.ts";
import { attachCalls } from "./attach.ts";
import type { Call } from "./call.ts";
import { containerCalls } from "./containers.ts";
import { isRemote } from "./endpoint.ts";
import type { Engine, EngineGreeting, EngineInfo } from "./engine.ts";
import type { EngineEvent, EventFilter } from "./event-calls.ts";
import { execCalls } from "./exec.ts";
import { readable } from "./fault.ts";
import { imageCalls } from "./images.ts";
import { networkCalls } from "./networks.ts";
import { asNumber, asObject, asOptionalObject, asOptionalText, asText, asTextMap, type JsonObject } from "./shape.ts";
import { jsonLines } from "./streams.ts";
import type { Greeting, Transport } from "./transport.ts";
import { usageCalls } from "./usage.ts";
import { volumeCalls } from "./volumes.ts";

/** The engine at the other end of a transport. */
export function dockerEngine(transport: Transport): Engine {
  const close = async (): Promise<void> => transport.close();
  let info: Promise<EngineInfo> | undefined;
  return {
    ...containerCalls(transport),
    ...attachCalls(transport),
    ...archiveCalls(transport),
    ...usageCalls(transport),
    ...networkCalls(transport),
    ...volumeCalls(transport),
    ...imageCalls(transport),
    ...execCalls(transport),
    greeting: async (signal) => readGreeting(await transport.greeting(signal)),
    info: async (signal) => {
      info ??= readInfo(transport, signal).catch((error: unknown) => {
        info = undefined;
        throw error;
      });
      return info;
    },
    imageStore: async (signal) => {
      const call: Call = {
        what: "tell of itself",
        method: "GET",
        path: "/info",
        deadlineMs: transport.deadlines.answer,
      };
      return transport.json(call, readImageStore, signal);
    },
    events: (filter, signal) => events(transport, filter, signal),
    hijack: async (path, headers, signal) => {
      const call: Call = {
        what: `open a connection at ${path}`,
        method: "POST",
        path,
        headers: { Connection: "Upgrade", ...headers },
        deadlineMs: transport.deadlines.answer,
      };
      return transport.hijack(call, signal);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function readGreeting({ apiVersion, endpoint, podman, buildkit }: Greeting): EngineGreeting {
  return { apiVersion, remote: isRemote(endpoint), product: podman ? "podman" : "docker", buildkit };
}

async function readInfo(transport: Transport, signal: AbortSignal): Promise<EngineInfo> {
  const greeting = await transport.greeting(signal);
  const call: Call = {
    what: "tell its version",
    method: "GET",
    path: "/version",
    deadlineMs: transport.deadlines.answer,
  };
  return transport.json(
    call,
    (value) => {
      const version = asObject(value, "version");
      return {
        ...readGreeting(greeting),
        version: asText(version["Version"], "Version"),
        platform: `${asText(version["Os"], "Os")}/${asText(version["Arch"], "Arch")}`,
      };
    },
    signal,
  );
}

/** The containerd image store says so among the rows of its driver's status. */
function readImageStore(value: unknown): "containerd" | "classic" {
  const rows = asObject(value, "info")["DriverStatus"];
  const isOne = (row: unknown): boolean => Array.isArray(row) && row[1] === "io.containerd.snapshotter.v1";
  return Array.isArray(rows) && rows.some(isOne) ? "containerd" : "classic";
}

async function* events(
  transport: Transport,
  filter: EventFilter,
  signal: AbortSignal,
): AsyncGenerator<EngineEvent, void, void> {
  const filters = { type: filter.types, label: filter.labels };
  const call: Call = {
    what: "tell what happens",
    method: "GET",
    path: "/events",
    query: { filters, since: filter.since, until: filter.until },
    opened: filter.opened,
    deadlineMs: transport.deadlines.answer,
    endless: true,
  };
  yield* readable(call.what, readEvents(jsonLines(transport.chunks(call, signal))));
}

async function* readEvents(lines: AsyncIterable<unknown>): AsyncGenerator<EngineEvent, void, void> {
  for await (const line of lines) yield readEvent(line);
}

function readEvent(value: unknown): EngineEvent {
  const event = asObject(value, "event");
  const actor = asOptionalObject(event["Actor"], "event.Actor");
  return {
    type: asText(event["Type"], "event.Type"),
    action: asText(event["Action"], "event.Action"),
    id: asOptionalText(actor["ID"], "event.Actor.ID"),
    attributes: asTextMap(actor["Attributes"], "event.Actor.Attributes"),
    time: eventTime(event),
  };
}

/** Nanoseconds are beyond what a number holds exactly: microseconds are left of them. */
function eventTime(event: JsonObject): number {
  const nanoseconds = event["timeNano"];
  if (typeof nanoseconds === "number") return nanoseconds / 1e6;
  return asNumber(event["time"], "event.time") * 1000;
}
