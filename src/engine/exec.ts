import { RARE_KEYS } from "./attach.ts";
import type { Call } from "./call.ts";
import type { ExecCalls, ExecState } from "./process-calls.ts";
import { route } from "./route.ts";
import { asObject, asText } from "./shape.ts";
import type { Transport } from "./transport.ts";

/** The calls about processes in running containers, over a transport. */
export function execCalls(transport: Transport): ExecCalls {
  const { deadlines } = transport;
  return {
    execCreate: async (container, request, signal) => {
      const body = {
        Cmd: request.command,
        Env: Object.entries(request.environment ?? {}).map(([name, value]) => `${name}=${value}`),
        ...(request.user !== undefined && { User: request.user }),
        ...(request.workingDir !== undefined && { WorkingDir: request.workingDir }),
        Privileged: request.privileged ?? false,
        Tty: request.tty,
        DetachKeys: RARE_KEYS,
        AttachStdin: request.stdin,
        AttachStdout: true,
        AttachStderr: true,
      };
      const what = `run a command in container "${container}"`;
      const call: Call = {
        what,
        method: "POST",
        path: route`/containers/${container}/exec`,
        body,
        deadlineMs: deadlines.change,
      };
      return transport.json(call, (value) => asText(asObject(value, "answer")["Id"], "Id"), signal);
    },
    execStart: async (exec, { tty }, signal) => {
      const call: Call = {
        what: "start a command in a container",
        method: "POST",
        path: route`/exec/${exec}/start`,
        headers: { Connection: "Upgrade", Upgrade: "tcp" },
        body: { Detach: false, Tty: tty },
        deadlineMs: deadlines.change,
      };
      return transport.hijack(call, signal);
    },
    execStartDetached: async (exec, { tty }, signal) => {
      const call: Call = {
        what: "start a command in a container",
        method: "POST",
        path: route`/exec/${exec}/start`,
        body: { Detach: true, Tty: tty },
        deadlineMs: deadlines.change,
      };
      await transport.answer(call, signal);
    },
    execInspect: async (exec, signal) => {
      const call: Call = {
        what: "inspect a command in a container",
        method: "GET",
        path: route`/exec/${exec}/json`,
        deadlineMs: deadlines.answer,
      };
      return transport.json(call, readExecState, signal);
    },
    execResize: async (exec, size, signal) => {
      const what = "resize the terminal of a command in a container";
      const query = { h: size.rows, w: size.columns };
      await transport.answer(
        { what, method: "POST", path: route`/exec/${exec}/resize`, query, deadlineMs: deadlines.answer },
        signal,
      );
    },
  };
}

function readExecState(value: unknown): ExecState {
  const exec = asObject(value, "exec");
  const exitCode = exec["ExitCode"];
  const pid = exec["Pid"];
  return {
    running: exec["Running"] === true,
    ...(typeof exitCode === "number" ? { exitCode } : {}),
    ...(typeof pid === "number" && pid > 0 ? { pid } : {}),
  };
}
