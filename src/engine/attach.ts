import type { Call } from "./call.ts";
import { readExit } from "./containers.ts";
import type { ContainerExit } from "./container-calls.ts";
import type { AttachCalls } from "./process-calls.ts";
import { brokenFault, readable } from "./fault.ts";
import { route } from "./route.ts";
import { jsonLines } from "./streams.ts";
import type { Transport } from "./transport.ts";

/**
 * The engine lets go of a terminal at ctrl-p ctrl-q unless it is told other keys, and so holds back every ctrl-p until the
 * next key. It is told keys that nobody types: letting go is for whoever feeds the connection.
 */
export const RARE_KEYS = "ctrl-^,ctrl-^,ctrl-^";

/** The calls that join streams to a container's own process, over a transport. */
export function attachCalls(transport: Transport): AttachCalls {
  const { deadlines } = transport;
  return {
    attachContainer: async (id, { stdin }, signal) => {
      const call: Call = {
        what: `attach to container "${id}"`,
        method: "POST",
        path: route`/containers/${id}/attach`,
        query: { stream: true, stdin, stdout: true, stderr: true, detachKeys: RARE_KEYS },
        headers: { Connection: "Upgrade", Upgrade: "tcp" },
        deadlineMs: deadlines.change,
      };
      return transport.hijack(call, signal);
    },
    watchExit: async (id, { removed, opened }, signal) => {
      const call: Call = {
        what: `wait for container "${id}"`,
        method: "POST",
        path: route`/containers/${id}/wait`,
        query: { condition: removed ? "removed" : "next-exit" },
        opened,
        deadlineMs: deadlines.answer,
        endless: true,
      };
      for await (const exit of readable(call.what, exits(transport.chunks(call, signal)))) return exit;
      throw brokenFault(call.what, new Error("the answer is empty"));
    },
    resizeContainer: async (id, size, signal) => {
      const call: Call = {
        what: `resize the terminal of container "${id}"`,
        method: "POST",
        path: route`/containers/${id}/resize`,
        query: { h: size.rows, w: size.columns },
        deadlineMs: deadlines.answer,
      };
      await transport.answer(call, signal);
    },
  };
}

async function* exits(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ContainerExit, void, void> {
  for await (const answer of jsonLines(chunks)) yield readExit(answer);
}
