import { request } from "node:http";
import { buffer } from "node:stream/consumers";

/** The engine that tests run on, asked past dock: its own eyes must not be what proves it right. */
export class BareEngine {
  readonly socketPath: string;

  constructor(env: Readonly<Record<string, string | undefined>> = process.env) {
    const host = env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock";
    if (!host.startsWith("unix://")) throw new Error(`these tests need an engine on a unix socket, not ${host}`);
    this.socketPath = host.slice("unix://".length);
  }

  /** The body of an answer; a status from 400 on is an error unless it is among `accept`. */
  async raw(method: string, path: string, more: { body?: unknown; accept?: readonly number[] } = {}): Promise<Buffer> {
    const text = more.body === undefined ? "" : JSON.stringify(more.body);
    return new Promise((resolve, reject) => {
      const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) };
      const sent = request({ socketPath: this.socketPath, method, path, headers, agent: false, timeout: 60_000 });
      sent.once("timeout", () => sent.destroy(new Error(`no answer to ${method} ${path}`)));
      sent.once("error", reject);
      sent.once("response", (response) => {
        const status = response.statusCode ?? 0;
        buffer(response).then((body) => {
          if (status < 400 || more.accept?.includes(status)) resolve(body);
          else reject(new Error(`${method} ${path}: ${status} ${body.toString()}`));
        }, reject);
      });
      sent.end(text);
    });
  }

  async get<T>(path: string): Promise<T> {
    return JSON.parse((await this.raw("GET", path)).toString()) as T;
  }

  async post<T>(path: string, body: unknown = {}): Promise<T> {
    const answer = (await this.raw("POST", path, { body })).toString();
    return (answer === "" ? undefined : JSON.parse(answer)) as T;
  }

  /** Removes an object; one that is gone is as good. */
  async remove(path: string): Promise<void> {
    await this.raw("DELETE", path, { accept: [404] });
  }

  async containers(): Promise<readonly BareContainer[]> {
    return this.get("/containers/json?all=1");
  }

  async networks(): Promise<readonly { readonly Id: string; readonly Name: string }[]> {
    return this.get("/networks");
  }

  async volumes(): Promise<readonly BareVolume[]> {
    const { Volumes } = await this.get<{ Volumes: readonly BareVolume[] | null }>("/volumes");
    return Volumes ?? [];
  }

  async images(): Promise<readonly BareImage[]> {
    return this.get("/images/json");
  }
}

/** What the tests read of a listed container. */
export interface BareContainer {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly ImageID: string;
  readonly State: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Mounts: readonly { readonly Type: string; readonly Name?: string; readonly Destination: string }[];
}

export interface BareVolume {
  readonly Name: string;
  readonly CreatedAt: string;
  readonly Labels: Readonly<Record<string, string>> | null;
}

export interface BareImage {
  readonly Id: string;
  readonly RepoTags: readonly string[] | null;
}
