import type { Call } from "./call.ts";
import type { ArchiveCalls, PathStat } from "./archive-calls.ts";
import { DockError } from "../error.ts";
import { brokenFault } from "./fault.ts";
import { route } from "./route.ts";
import { asNumber, asObject, asOptionalText, asText, ShapeError } from "./shape.ts";
import type { Transport } from "./transport.ts";

/** Bits of Go's file modes, which the engine uses in this one place. */
const GO_DIRECTORY = 2 ** 31;
const GO_LINK = 2 ** 27;

/** The calls that read files of containers, running or not, over a transport. */
export function archiveCalls(transport: Transport): ArchiveCalls {
  const { deadlines } = transport;
  return {
    statPath: async (id, path, signal) => {
      const call: Call = {
        what: `look at ${path} in container "${id}"`,
        method: "HEAD",
        path: route`/containers/${id}/archive`,
        query: { path },
        accept: [404],
        deadlineMs: deadlines.answer,
      };
      const { status, headers } = await transport.answer(call, signal);
      if (status === 404) return undefined;
      return readPathStat(headers["x-docker-container-path-stat"], call.what);
    },
    getArchive: (id, path, signal) => {
      const call: Call = {
        what: `read ${path} of container "${id}"`,
        method: "GET",
        path: route`/containers/${id}/archive`,
        query: { path },
        deadlineMs: deadlines.idle,
      };
      return transport.chunks(call, signal);
    },
  };
}

function readPathStat(header: string | string[] | undefined, what: string): PathStat {
  try {
    if (typeof header !== "string") throw new ShapeError("the header with the path's state is missing");
    const stat = asObject(JSON.parse(Buffer.from(header, "base64").toString("utf8")), "stat");
    const mode = asNumber(stat["mode"], "stat.mode");
    const has = (bit: number): boolean => Math.floor(mode / bit) % 2 === 1;
    return {
      name: asText(stat["name"], "stat.name"),
      kind: has(GO_DIRECTORY) ? "directory" : has(GO_LINK) ? "link" : "file",
      linkTarget: asOptionalText(stat["linkTarget"], "stat.linkTarget"),
    };
  } catch (error) {
    if (error instanceof DockError) throw error;
    throw brokenFault(what, error);
  }
}
