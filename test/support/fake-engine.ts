import { mkdtemp, rm } from "node:fs/promises";
import { createServer, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { json as readJson } from "node:stream/consumers";
import { readRequestLine, type LoggedRequest } from "./engine-request.ts";
import { archiveRoutes } from "./fake-engine-archive.ts";
import { containerRoutes } from "./fake-engine-containers.ts";
import { type FakeRequest, type Json, readFilters, Refusal, type Reply, type Route } from "./fake-engine-http.ts";
import { addImage, imageRoutes, type NewImage, type Pullable } from "./fake-engine-images.ts";
import { endProcess, setHealth } from "./fake-engine-life.ts";
import { networkRoutes, volumeRoutes } from "./fake-engine-objects.ts";
import { type FakeContainer, type FakeImage, FakeWorld } from "./fake-engine-state.ts";
import { findExec, runExec, streamRoutes } from "./fake-engine-streams.ts";

/** What kind of engine to play. */
export interface FakeEngineOptions {
  /** "1.51" unless given. Below 1.44, network names are unique only for callers that ask; a container gets one network at creation. */
  readonly apiVersion?: string;
  /** Lets a second network of a name be made whoever asks, as engines before API 1.44 do for two callers at once. */
  readonly ambiguousNetworks?: boolean;
}

/**
 * The part of the Docker API that dock uses, in memory, on a unix socket of its own. Names, statuses and error texts
 * are those of real engines (test/e2e/conformance.test.ts compares them). It cannot build: tests inject a builder and
 * put its results here with `addImage`.
 */
export class FakeEngine implements AsyncDisposable {
  /** Path of the socket. */
  readonly socketPath: string;
  readonly requests: LoggedRequest[] = [];
  /** What pulls find, by reference with tag or digest. */
  readonly registry = new Map<string, Pullable>();
  readonly world: FakeWorld;
  readonly #directory: string;
  readonly #server: Server;
  readonly #routes: readonly Route[];
  readonly #sockets = new Set<Socket>();

  private constructor(directory: string, options: FakeEngineOptions) {
    const world = new FakeWorld(options.apiVersion ?? "1.51", options.ambiguousNetworks ?? false);
    this.world = world;
    this.#directory = directory;
    this.socketPath = join(directory, "engine.sock");
    this.#routes = [
      ...systemRoutes(world),
      ...streamRoutes(world),
      ...containerRoutes(world),
      ...archiveRoutes(world),
      ...networkRoutes(world),
      ...volumeRoutes(world),
      ...imageRoutes(world, this.registry),
    ];
    this.#server = createServer({ keepAliveTimeout: 1 }, (request, response) => void this.#answer(request, response));
    this.#server.on(
      "upgrade",
      (request: IncomingMessage, socket: Duplex, head: Buffer) => void this.#upgrade({ request, socket, head }),
    );
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

  static async start(options: FakeEngineOptions = {}): Promise<FakeEngine> {
    const engine = new FakeEngine(await mkdtemp(join(tmpdir(), "fake-engine-")), options);
    await new Promise<void>((resolve) => engine.#server.listen(engine.socketPath, resolve));
    return engine;
  }

  /** For DOCKER_HOST. */
  get host(): string {
    return `unix://${this.socketPath}`;
  }

  /** Requests so far that may have changed something. */
  get mutations(): readonly LoggedRequest[] {
    return this.requests.filter((request) => request.mutating);
  }

  /** Puts an image there; its tags are taken from other images. */
  addImage(image: NewImage): FakeImage {
    return addImage(this.world, image);
  }

  /** A container by name or id. */
  container(ref: string): FakeContainer {
    return this.world.container(ref);
  }

  /** Ends a container's process as if by itself. */
  exit(ref: string, code: number): void {
    endProcess(this.world, this.world.container(ref), code);
  }

  setHealth(ref: string, status: "healthy" | "unhealthy", output = ""): void {
    setHealth(this.world, this.world.container(ref), { status, output });
  }

  /** Has a container print a line. */
  print(ref: string, text: string, stream: 1 | 2 = 1): void {
    this.world.container(ref).log.push({ time: Date.now(), stream, text });
    this.world.happenings.emit("change");
  }

  /** Breaks every connection off, as an engine does that is killed. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.dropConnections();
    this.world.close();
    await closed;
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const line = readRequestLine(incoming.method ?? "", incoming.url ?? "");
    const index = this.requests.push({ ...line, status: undefined }) - 1;
    response.once("close", () => {
      this.requests[index] = { ...line, status: response.headersSent ? response.statusCode : undefined };
    });
    response.setHeader("Api-Version", this.world.apiVersion);
    try {
      const reply = await this.#reply(incoming, line);
      if ("stream" in reply) await reply.stream(response);
      else response.writeHead(reply.status, { "Content-Type": "application/json" }).end(jsonOf(reply));
    } catch (error) {
      refuse(response, error);
    }
  }

  async #reply(incoming: IncomingMessage, line: Omit<LoggedRequest, "status">): Promise<Reply> {
    checkVersion(incoming.url ?? "", this.world.apiVersion);
    const path = decodeURIComponent(line.path);
    for (const [method, pattern, handler] of this.#routes) {
      const match = method === line.method ? pattern.exec(path) : null;
      if (!match) continue;
      const query = new URLSearchParams(line.query);
      const hasJson = /json/.test(incoming.headers["content-type"] ?? "") && incoming.headers["content-length"] !== "0";
      const body = hasJson ? ((await readJson(incoming)) as Json) : {};
      const request: FakeRequest = { params: match.slice(1), query, body, filters: readFilters(query), incoming };
      return handler(request);
    }
    throw new Refusal(404, "page not found");
  }

  /** The only protocol that it can change to is that of a process in a container. */
  async #upgrade({ request, socket, head }: { request: IncomingMessage; socket: Duplex; head: Buffer }): Promise<void> {
    const line = readRequestLine(request.method ?? "", request.url ?? "");
    socket.on("error", () => {});
    try {
      const id = /^\/exec\/([^/]+)\/start$/.exec(line.path)?.[1];
      if (id === undefined) throw new Refusal(404, "page not found");
      const exec = findExec(this.world, id);
      this.requests.push({ ...line, status: 101 });
      // What follows the head is the request's body first, then the process's input.
      const length = Number(request.headers["content-length"] ?? 0);
      if (head.length > length) socket.unshift(head.subarray(length));
      socket.write(
        "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
      );
      await runExec(exec, socket);
    } catch (error) {
      const status = error instanceof Refusal ? error.status : 500;
      this.requests.push({ ...line, status });
      const body = JSON.stringify({ message: error instanceof Error ? error.message : String(error) });
      socket.end(
        `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    }
  }
}

function systemRoutes(world: FakeWorld): readonly Route[] {
  const ping = (): Reply => ({
    stream: (response) => {
      response.writeHead(200, { "Builder-Version": "2", Ostype: "linux", Server: "Docker/fake (linux)" }).end("OK");
    },
  });
  const version = {
    Version: "fake",
    ApiVersion: world.apiVersion,
    MinAPIVersion: "1.24",
    Os: "linux",
    Arch: "amd64",
    Components: [],
  };
  return [
    ["GET", /^\/_ping$/, ping],
    ["HEAD", /^\/_ping$/, ping],
    ["GET", /^\/version$/, () => ({ status: 200, json: version })],
    [
      "GET",
      /^\/info$/,
      () => ({ status: 200, json: { ID: "fake", OSType: "linux", Architecture: "x86_64", ServerVersion: "fake" } }),
    ],
  ];
}

function jsonOf(reply: { readonly json?: unknown }): string | undefined {
  return reply.json === undefined ? undefined : `${JSON.stringify(reply.json)}\n`;
}

function checkVersion(url: string, apiVersion: string): void {
  const asked = /^\/v(\d+\.\d+)\//.exec(url)?.[1];
  if (asked !== undefined && Number(asked.split(".")[1]) > Number(apiVersion.split(".")[1])) {
    throw new Refusal(400, `client version ${asked} is too new. Maximum supported API version is ${apiVersion}`);
  }
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const status = error instanceof Refusal ? error.status : 500;
  const message = error instanceof Error ? error.message : String(error);
  response.writeHead(status, { "Content-Type": "application/json" }).end(`${JSON.stringify({ message })}\n`);
}
