import type { Call } from "./call.ts";
import type { ImageUsage, ProcessList, UsageCalls, UsageSample } from "./usage-calls.ts";
import { route } from "./route.ts";
import { asList, asObject, asOptionalObject, asOptionalText, asText, asTexts, type JsonObject } from "./shape.ts";
import type { Transport } from "./transport.ts";

/** The calls about what containers use and run, over a transport. */
export function usageCalls(transport: Transport): UsageCalls {
  const { deadlines } = transport;
  return {
    containerTop: async (id, signal) => {
      const call: Call = {
        what: `list the processes of container "${id}"`,
        method: "GET",
        path: route`/containers/${id}/top`,
        deadlineMs: deadlines.answer,
      };
      return transport.json(call, readProcesses, signal);
    },
    containerUsage: async (id, signal) => {
      const call: Call = {
        what: `measure container "${id}"`,
        method: "GET",
        path: route`/containers/${id}/stats`,
        query: { stream: false, "one-shot": true },
        deadlineMs: deadlines.answer,
      };
      return transport.json(call, readUsage, signal);
    },
    imageUsage: async (signal) => {
      const call: Call = {
        what: "measure its images",
        method: "GET",
        path: "/system/df",
        query: { type: "image" },
        // The engine adds up the files of every layer.
        deadlineMs: deadlines.change,
      };
      return transport.json(call, readImageUsage, signal);
    },
  };
}

function readImageUsage(value: unknown): ImageUsage {
  const answer = asObject(value, "answer");
  const unshared = asList(answer["Images"], "Images").flatMap((item): readonly (readonly [string, number])[] => {
    const image = asObject(item, "image");
    const [size, shared] = [image["Size"], image["SharedSize"]];
    if (typeof size !== "number" || typeof shared !== "number" || shared < 0) return [];
    return [[asText(image["Id"], "image.Id"), Math.max(0, size - shared)]];
  });
  const layers = answer["LayersSize"];
  return { layers: typeof layers === "number" ? layers : 0, unshared: new Map(unshared) };
}

function readProcesses(value: unknown): ProcessList {
  const answer = asObject(value, "answer");
  return {
    titles: asTexts(answer["Titles"], "Titles"),
    processes: asList(answer["Processes"], "Processes").map((row) => asTexts(row, "process")),
  };
}

function readUsage(value: unknown): UsageSample {
  const answer = asObject(value, "answer");
  const cpu = asOptionalObject(answer["cpu_stats"], "cpu_stats");
  const memory = asOptionalObject(answer["memory_stats"], "memory_stats");
  const networks = Object.values(asOptionalObject(answer["networks"], "networks"));
  const sum = (name: string): number =>
    networks.reduce((total: number, network) => total + amount(asObject(network, "network"), name), 0);
  const blocks = asList(
    asOptionalObject(answer["blkio_stats"], "blkio_stats")["io_service_bytes_recursive"],
    "io_service_bytes_recursive",
  ).map((entry) => asObject(entry, "entry"));
  const blockBytes = (operation: string): number =>
    blocks
      .filter((entry) => asOptionalText(entry["op"], "op").toLowerCase() === operation)
      .reduce((total, entry) => total + amount(entry, "value"), 0);
  return {
    // A container that does not run has the zero time.
    readAt: Date.parse(asOptionalText(answer["read"], "read")),
    cpuNanoseconds: amount(asOptionalObject(cpu["cpu_usage"], "cpu_usage"), "total_usage"),
    memory: Math.max(0, amount(memory, "usage") - inactiveCache(asOptionalObject(memory["stats"], "stats"))),
    memoryLimit: amount(memory, "limit"),
    networkReceived: sum("rx_bytes"),
    networkSent: sum("tx_bytes"),
    blockRead: blockBytes("read"),
    blockWritten: blockBytes("write"),
    processes: amount(asOptionalObject(answer["pids_stats"], "pids_stats"), "current"),
  };
}

/** File cache that the kernel gives up at once: no use of the container's, as in docker. Its name depends on the cgroup version. */
function inactiveCache(stats: JsonObject): number {
  return amount(stats, "total_inactive_file") || amount(stats, "inactive_file");
}

/** What the engine's machine does not count is left out of its answer. */
function amount(object: JsonObject, name: string): number {
  const value = object[name];
  return typeof value === "number" ? value : 0;
}
