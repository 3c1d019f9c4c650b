import type { Call } from "./call.ts";
import type { AttachCalls } from "./engine.ts";
import { route } from "./route.ts";
import type { Transport } from "./transport.ts";

/** The calls that join streams to a container's own process, over a transport. */
export function attachCalls(transport: Transport): AttachCalls {
  const { deadlines } = transport;
  return {
    attachContainer: async (id, { stdin }, signal) => {
      const call: Call = {
        what: `attach to container "${id}"`,
        method: "POST",
        path: route`/containers/${id}/attach`,
        query: { stream: true, stdin, stdout: true, stderr: true },
        headers: { Connection: "Upgrade", Upgrade: "tcp" },
        deadlineMs: deadlines.change,
      };
      return transport.hijack(call, signal);
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
