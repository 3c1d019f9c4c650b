import type { Call } from "./call.ts";
import { DockError } from "../error.ts";
import { readContainerDetail } from "./container-detail.ts";
import { readListedContainer } from "./container-list.ts";
import type { Archive, ContainerCalls, ContainerExit, LogOptions } from "./container-calls.ts";
import { readable } from "./fault.ts";
import { listQuery } from "./filter.ts";
import { logRecords } from "./log-records.ts";
import { route } from "./route.ts";
import { asAnswerList, asNumber, asObject, asOptionalObject, asOptionalText, asText } from "./shape.ts";
import { asStdout, demultiplexed, outputLines } from "./streams.ts";
import type { Transport } from "./transport.ts";

/** The calls about containers, over a transport. */
export function containerCalls(transport: Transport): ContainerCalls {
  const { deadlines } = transport;
  const change = async (call: Omit<Call, "method" | "deadlineMs">, signal: AbortSignal): Promise<void> => {
    await transport.answer({ method: "POST", deadlineMs: deadlines.change, ...call }, signal);
  };
  return {
    listContainers: async ({ names, ...filter }, signal) => {
      // The engine takes names as regular expressions on the name with and without its slash.
      const query = { all: true, ...listQuery({ ...filter, ...(names && { names }) }, "^/?") };
      const call: Call = {
        what: "list containers",
        method: "GET",
        path: "/containers/json",
        query,
        deadlineMs: deadlines.answer,
      };
      const list = await transport.json(call, (value) => asAnswerList(value, "list").map(readListedContainer), signal);
      return names ? list.filter((container) => names.includes(container.name)) : list;
    },
    inspectContainer: async (id, signal) => {
      const call: Call = {
        what: `inspect container "${id}"`,
        method: "GET",
        path: route`/containers/${id}/json`,
        deadlineMs: deadlines.answer,
      };
      return transport.json(call, readContainerDetail, signal);
    },
    createContainer: async ({ name, body, platform }, signal) => {
      const call: Call = {
        what: `create container "${name}"`,
        method: "POST",
        path: "/containers/create",
        query: { name, platform },
        body,
        deadlineMs: deadlines.createContainer,
      };
      return transport.json(call, (value) => asText(asObject(value, "answer")["Id"], "Id"), signal);
    },
    startContainer: (id, signal) =>
      change({ what: `start container "${id}"`, path: route`/containers/${id}/start`, accept: [304] }, signal),
    stopContainer: async (id, seconds, signal) => {
      const call: Call = {
        what: `stop container "${id}"`,
        method: "POST",
        path: route`/containers/${id}/stop`,
        query: { t: seconds },
        accept: [304, 404],
        deadlineMs: seconds * 1000 + deadlines.stopGrace,
      };
      await transport.answer(call, signal);
    },
    restartContainer: async (id, seconds, signal) => {
      const call: Call = {
        what: `restart container "${id}"`,
        method: "POST",
        path: route`/containers/${id}/restart`,
        query: { t: seconds },
        deadlineMs: seconds * 1000 + deadlines.change,
      };
      await transport.answer(call, signal);
    },
    unpauseContainer: (id, signal) =>
      change({ what: `unpause container "${id}"`, path: route`/containers/${id}/unpause` }, signal),
    killContainer: (id, name, signal) =>
      change(
        { what: `send ${name} to container "${id}"`, path: route`/containers/${id}/kill`, query: { signal: name } },
        signal,
      ),
    removeContainer: (id, { volumes }, signal) => removeContainer(transport, { id, volumes }, signal),
    renameContainer: (id, name, signal) =>
      change(
        { what: `rename container "${id}" to "${name}"`, path: route`/containers/${id}/rename`, query: { name } },
        signal,
      ),
    updateContainer: (id, update, signal) =>
      change({ what: `update container "${id}"`, path: route`/containers/${id}/update`, body: update }, signal),
    waitContainer: async (id, until, signal) => {
      const call: Call = {
        what: `wait for container "${id}"`,
        method: "POST",
        path: route`/containers/${id}/wait`,
        query: { condition: until },
        deadlineMs: undefined,
      };
      return transport.json(call, readExit, signal);
    },
    containerLogs: (id, options, signal) => {
      const call = logCall(id, options, deadlines.idle);
      const chunks = transport.chunks(call, signal);
      return readable(call.what, outputLines(options.tty ? asStdout(chunks) : demultiplexed(chunks)));
    },
    containerRecords: (id, options, signal) => {
      const call = logCall(id, { ...options, timestamps: true }, deadlines.idle);
      return readable(call.what, logRecords(transport.chunks(call, signal), options));
    },
    putArchive: (id, archive, signal) => putArchive(transport, { id, ...archive }, signal),
  };
}

/** How long a removal that somebody else has begun is waited for: one that hangs does so for good. */
const REMOVAL_MS = 10_000;

async function removeContainer(
  transport: Transport,
  what: { readonly id: string; readonly volumes: boolean },
  signal: AbortSignal,
): Promise<void> {
  const { id, volumes } = what;
  const call: Call = {
    what: `remove container "${id}"`,
    method: "DELETE",
    path: route`/containers/${id}`,
    query: { force: true, v: volumes },
    accept: [404],
    deadlineMs: transport.deadlines.change,
  };
  try {
    await transport.answer(call, signal);
  } catch (error) {
    const underWay =
      error instanceof DockError && error.status === 409 && error.message.includes("already in progress");
    if (!underWay) throw error;
    const gone: Call = {
      ...call,
      method: "POST",
      path: route`/containers/${id}/wait`,
      query: { condition: "removed" },
      deadlineMs: Math.min(call.deadlineMs ?? REMOVAL_MS, REMOVAL_MS),
    };
    await transport.answer(gone, signal);
  }
}

/** Reads the answer of a wait. */
export function readExit(value: unknown): ContainerExit {
  const exit = asObject(value, "exit");
  const message = asOptionalText(asOptionalObject(exit["Error"], "exit.Error")["Message"], "exit.Error.Message");
  return { exitCode: asNumber(exit["StatusCode"], "exit.StatusCode"), ...(message === "" ? {} : { error: message }) };
}

function logCall(id: string, options: LogOptions, idleMs: number): Call {
  return {
    what: `read the output of container "${id}"`,
    method: "GET",
    path: route`/containers/${id}/logs`,
    query: {
      stdout: true,
      stderr: true,
      follow: options.follow,
      timestamps: options.timestamps,
      tail: options.tail ?? "all",
      since: options.since,
      until: options.until,
    },
    // A process may be silent for days.
    endless: options.follow,
    deadlineMs: idleMs,
  };
}

async function putArchive(
  transport: Transport,
  archive: Archive & { readonly id: string },
  signal: AbortSignal,
): Promise<void> {
  const call: Call = {
    what: `copy files to ${archive.path} in container "${archive.id}"`,
    method: "PUT",
    path: route`/containers/${archive.id}/archive`,
    query: { path: archive.path, noOverwriteDirNonDir: true, copyUIDGID: archive.copyUidGid },
    upload: archive.tar,
    deadlineMs: transport.deadlines.idle,
  };
  await transport.answer(call, signal);
}
