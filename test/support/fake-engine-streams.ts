import { once } from "node:events";
import type { Duplex } from "node:stream";
import { matchesLabels, Refusal, type FakeRequest, isTrue, type Reply, type Route } from "./fake-engine-http.ts";
import { runProgram } from "./fake-engine-shell.ts";
import { type FakeContainer, type FakeEvent, type FakeExec, type FakeWorld, randomId } from "./fake-engine-state.ts";

/** Routes whose answers go on: output, events and processes in containers. */
export function streamRoutes(world: FakeWorld): readonly Route[] {
  return [
    ["GET", /^\/events$/, (request) => events(world, request)],
    [
      "GET",
      /^\/containers\/([^/]+)\/logs$/,
      (request) => logs(world, world.container(request.params[0] ?? ""), request),
    ],
    ["POST", /^\/containers\/([^/]+)\/exec$/, (request) => createExec(world, request)],
    [
      "GET",
      /^\/exec\/([^/]+)\/json$/,
      ({ params }) => ({ status: 200, json: execJson(findExec(world, params[0] ?? "")) }),
    ],
    ["POST", /^\/exec\/([^/]+)\/resize$/, ({ params }) => (findExec(world, params[0] ?? ""), { status: 200 })],
  ];
}

function events(world: FakeWorld, { filters, incoming }: FakeRequest): Reply {
  return {
    stream: (response) => {
      response.writeHead(200, { "Content-Type": "application/json" });
      response.flushHeaders();
      const tell = (event: FakeEvent): void => {
        const typed =
          filters["type"] === undefined || filters["type"].length === 0 || filters["type"].includes(event.Type);
        if (typed && matchesLabels(event.Actor.Attributes, filters["label"]))
          response.write(`${JSON.stringify(event)}\n`);
      };
      world.happenings.on("event", tell);
      incoming.socket.once("close", () => world.happenings.off("event", tell));
    },
  };
}

function logs(world: FakeWorld, container: FakeContainer, { query, incoming }: FakeRequest): Reply {
  const follow = isTrue(query.get("follow"));
  const stamped = isTrue(query.get("timestamps"));
  const since = Date.parse(query.get("since") ?? "") || Number(query.get("since") ?? 0) * 1000;
  return {
    stream: async (response) => {
      response.writeHead(200, { "Content-Type": "application/octet-stream" });
      response.flushHeaders();
      const tail = query.get("tail") ?? "all";
      let next = tail === "all" ? 0 : Math.max(0, container.log.length - Number(tail));
      for (;;) {
        for (; next < container.log.length; next += 1) {
          const line = container.log[next];
          if (!line || line.time < since) continue;
          const text = `${stamped ? `${new Date(line.time).toISOString()} ` : ""}${line.text}\n`;
          response.write(container.body.Tty ? text : frame(line.stream, text));
        }
        const over = container.removed || (container.status !== "running" && container.status !== "paused");
        if (!follow || over || incoming.socket.destroyed) break;
        await once(world.happenings, "change");
      }
      response.end();
    },
  };
}

function frame(stream: 1 | 2, text: string): Buffer {
  const payload = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

function createExec(world: FakeWorld, { params, body }: FakeRequest): Reply {
  const container = world.container(params[0] ?? "");
  const command = (body["Cmd"] ?? []) as readonly string[];
  if (command.length === 0) throw new Refusal(400, "No exec command specified");
  if (container.status === "paused")
    throw new Refusal(409, `container ${container.id} is paused, unpause the container before exec`);
  if (container.status !== "running") throw new Refusal(409, `container ${container.id} is not running`);
  const exec: FakeExec = {
    id: randomId(),
    container,
    command,
    tty: body["Tty"] === true,
    running: false,
    exitCode: undefined,
  };
  world.execs.push(exec);
  return { status: 201, json: { Id: exec.id } };
}

/** A process by its id; a refusal when there is none. */
export function findExec(world: FakeWorld, id: string): FakeExec {
  const found = world.execs.find((exec) => exec.id === id);
  if (!found) throw new Refusal(404, `No such exec instance: ${id}`);
  return found;
}

function execJson(exec: FakeExec): object {
  return { ID: exec.id, Running: exec.running, ExitCode: exec.exitCode ?? null, ContainerID: exec.container.id };
}

/** Runs a process over a connection that has changed its protocol, and ends the connection with it. */
export async function runExec(exec: FakeExec, socket: Duplex): Promise<void> {
  exec.running = true;
  const input = exec.command[0] === "cat" ? await readAll(socket) : "";
  const outcome = exec.container.image.behavior.exec?.(exec.command) ??
    runProgram(exec.command, input) ?? { exitCode: 0 };
  const { stdout = "", stderr = "" } = outcome;
  if (stdout !== "") socket.write(exec.tty ? stdout : frame(1, stdout));
  if (stderr !== "") socket.write(exec.tty ? stderr : frame(2, stderr));
  exec.running = false;
  exec.exitCode = outcome.exitCode;
  socket.end();
}

async function readAll(socket: Duplex): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
